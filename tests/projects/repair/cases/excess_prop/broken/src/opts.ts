export interface Options { color: string; width: number }

export function make(): Options {
  return { colour: 'red', width: 2 };
}
