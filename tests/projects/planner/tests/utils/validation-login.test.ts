// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { isEmail, isValid, validateLogin } from '../../src/utils/validation';

describe('isEmail', () => {
  it.each(['a@b.io', 'first.last+tag@sub.example.com'])('accepts %s', (text) => {
    expect(isEmail(text)).toBe(true);
  });

  it.each(['a@b', '@b.io', 'a b@c.io', 'a@@b.io', 'a@b.c'])('refuses what is no address', (text) => {
    expect(isEmail(text)).toBe(false);
  });
});

describe('validateLogin', () => {
  it('finds nothing wrong', () => {
    const errors = validateLogin({ email: ' ada@example.com ', password: '12345678' });
    expect(errors).toEqual({});
    expect(isValid(errors)).toBe(true);
  });

  it('requires both fields', () => {
    expect(validateLogin({ email: '  ', password: '' })).toEqual({ email: 'required', password: 'required' });
  });

  it('checks the address and the length of the password', () => {
    const errors = validateLogin({ email: 'ada', password: '1234567' });
    expect(errors).toEqual({ email: 'email', password: 'tooShort' });
    expect(isValid(errors)).toBe(false);
  });
});
