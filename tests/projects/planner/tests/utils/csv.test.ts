// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { escapeField, toCsv } from '../../src/utils/csv';

describe('escapeField', () => {
  it.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['', ''],
  ])('writes %j as %s', (value, expected) => {
    expect(escapeField(value)).toBe(expected);
  });

  it.each(['=SUM(A1:A2)', '+1', '-1', '@cmd'])('defuses the formula "%s"', (formula) => {
    expect(escapeField(formula)).toBe(`'${formula}`);
  });

  it('leaves negative numbers alone', () => {
    expect(escapeField(-12.5)).toBe('-12.5');
  });
});

describe('toCsv', () => {
  const columns = [
    { header: 'Name', value: (row: { name: string; size: number }) => row.name },
    { header: 'Size, cm', value: (row: { name: string; size: number }) => row.size },
  ];

  it('writes a header and one line per row', () => {
    expect(toCsv([{ name: 'A', size: 1 }, { name: 'B', size: 2 }], columns)).toBe(
      'Name,"Size, cm"\r\nA,1\r\nB,2\r\n',
    );
  });

  it('writes only the header for no rows', () => {
    expect(toCsv([], columns)).toBe('Name,"Size, cm"\r\n');
  });
});
