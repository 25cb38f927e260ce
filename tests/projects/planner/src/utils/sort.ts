export type Direction = 'ascending' | 'descending';

export interface Sorting<Row> {
  key: keyof Row;
  direction: Direction;
}

export function sortBy<Row>(rows: Row[], { key, direction }: Sorting<Row>): Row[] {
  const sign = direction === 'ascending' ? 1 : -1;
  return rows.toSorted((a, b) => {
    const [left, right] = [a[key], b[key]];
    if (typeof left === 'number' && typeof right === 'number') return sign * (left - right);
    return sign * String(left).localeCompare(String(right));
  });
}

/** A second click on a column turns it round; another column starts ascending. */
export function nextSorting<Row>(current: Sorting<Row>, key: keyof Row): Sorting<Row> {
  const turned = current.key === key && current.direction === 'ascending';
  return { key, direction: turned ? 'descending' : 'ascending' };
}
