export function top(xs: number[], n: number): number[] {
  return xs.sort((a, b) => b - a).slice(0, n);
}
