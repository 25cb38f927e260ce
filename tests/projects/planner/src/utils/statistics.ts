export function median(values: number[]): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The mean of each value and up to `size - 1` values before it. */
export function movingAverage(values: number[], size: number): number[] {
  return values.map((_, index) => {
    const window = values.slice(Math.max(0, index - size + 1), index + 1);
    return window.reduce((sum, value) => sum + value, 0) / window.length;
  });
}
