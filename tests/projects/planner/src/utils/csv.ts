export interface Column<Row> {
  header: string;
  value: (row: Row) => string | number;
}

/** Quotes a field where RFC 4180 asks for it and defuses spreadsheet formulas in text. */
export function escapeField(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function toCsv<Row>(rows: Row[], columns: Column<Row>[]): string {
  const header = columns.map((column) => escapeField(column.header));
  const body = rows.map((row) => columns.map((column) => escapeField(column.value(row))));
  return [header, ...body].map((fields) => `${fields.join(',')}\r\n`).join('');
}
