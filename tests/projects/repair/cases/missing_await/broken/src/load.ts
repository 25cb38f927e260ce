async function fetchCount(): Promise<number> {
  return 3;
}

export async function double(): Promise<number> {
  const n = fetchCount();
  return n * 2;
}
