export class Counter {
  count: number;
  inc(): number {
    this.count += 1;
    return this.count;
  }
}
