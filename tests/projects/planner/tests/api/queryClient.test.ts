import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/api/client';
import { createQueryClient, shouldRetry } from '../../src/api/queryClient';

describe('shouldRetry', () => {
  it.each([400, 401, 404])('gives up on a %i at once', (status) => {
    expect(shouldRetry(0, new ApiError(status, 'refused'))).toBe(false);
  });

  it.each([new ApiError(503, 'down'), new TypeError('Failed to fetch')])('tries twice more after "%s"', (error) => {
    expect([0, 1, 2].map((failures) => shouldRetry(failures, error))).toEqual([true, true, false]);
  });
});

it('makes a client of its own on each call', () => {
  expect(createQueryClient()).not.toBe(createQueryClient());
});
