export function biggest(xs: number[]): number {
  let best = -Infinity;
  for (const x of xs) {
    if (x > best) best = x;
  }
}
