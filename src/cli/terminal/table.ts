export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Numbers and money line up at their right end. */
  readonly alignRight?: boolean;
}

const GAP = '  ';

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text of others, made harmless: a name must not move the cursor or recolour the screen. */
export function printable(text: string): string {
  return text.replace(CONTROL, '\ufffd');
}

/** Aligned columns with a head line; `empty` when there are no rows. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  empty = 'Nothing to show.',
): string {
  if (rows.length === 0) return empty;
  const lines = [
    columns.map((column) => column.title.toUpperCase()),
    ...rows.map((row) => columns.map((column) => printable(column.value(row)))),
  ];
  const widths = columns.map((_, at) =>
    Math.max(...lines.map((cells) => lengthOf(cells[at] ?? ''))),
  );
  return lines
    .map((cells) =>
      cells
        .map((cell, at) => pad(cell, widths[at] ?? 0, columns[at]?.alignRight ?? false))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** `name  value` lines. */
export function facts(entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries
    .map(([name, value]) => `${name.padEnd(width)}${GAP}${printable(value)}`.trimEnd())
    .join('\n');
}

function pad(text: string, width: number, alignRight: boolean): string {
  const space = ' '.repeat(Math.max(0, width - lengthOf(text)));
  return alignRight ? space + text : text + space;
}

/** In characters as people count them, so that an accent or emoji is one. */
function lengthOf(text: string): number {
  return [...new Intl.Segmenter().segment(text)].length;
}
