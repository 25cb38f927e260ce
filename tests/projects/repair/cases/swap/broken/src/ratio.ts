function divide(a: number, b: number): number {
  return a / b;
}

export function percent(part: number, whole: number): number {
  return divide(whole, part) * 100;
}
