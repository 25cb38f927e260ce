const wait = (ms: number) => new Promise<void>((r) => setTimeout(r, ms));

export async function collect(log: string[]): Promise<string[]> {
  await wait(5);
  log.push('a');
  save(log);
  log.push('c');
  return log;
}

async function save(log: string[]): Promise<void> {
  await wait(5);
  log.push('b');
}
