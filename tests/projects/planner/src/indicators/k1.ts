/** K1, revenue growth: the change against the previous period; null when that had no revenue. */
export function k1(currentCents: number, previousCents: number): number | null {
  if (previousCents === 0) return null;
  return (currentCents - previousCents) / Math.abs(previousCents);
}
