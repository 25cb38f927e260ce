// A test file without a test.
export const answer = 42
