export interface Conf { port: number }

export function readConf(env: Record<string, string>): Conf {
  const raw = env['PORT'] ?? '80';
  return { port: raw };
}
