export function withTax(amount: number, rate: number): number {
  return amount * (1 + rate);
}

export function total(amount: number, rate: number): number {
  const net = Math.max(0, amount);
  return withTax(net);
}
