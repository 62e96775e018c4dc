export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Numbers and money line up at their right end. */
  readonly alignRight?: boolean;
  /** Left out first, from the right, where the terminal is too narrow for all columns. */
  readonly detail?: boolean;
}

const GAP = '  ';
const FACTS_WIDTH = 80;

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text of others, made harmless: a name must not move the cursor or recolour the screen. */
export function printable(text: string): string {
  return text.replace(CONTROL, '\ufffd');
}

/** What is printed as wide as there is room. */
export interface Fitting {
  /** @param width in characters @returns the text, and the titles of the columns that had no room */
  fit(width: number): { readonly text: string; readonly leftOut: readonly string[] };
}

/** Aligned columns with a head line. As text it has all of them; {@link fit} leaves details out for a narrow terminal. */
export class Table<Row> implements Fitting {
  constructor(
    private readonly columns: readonly Column<Row>[],
    private readonly rows: readonly Row[],
    private readonly empty: string,
  ) {}

  toString(): string {
    return this.fit(Infinity).text;
  }

  fit(width: number): { text: string; leftOut: string[] } {
    if (this.rows.length === 0) return { text: this.empty, leftOut: [] };
    let shown = this.columns;
    while (widthOf(shown, this.rows) > width) {
      const last = shown.findLast((column) => column.detail);
      if (last === undefined) break;
      shown = shown.filter((column) => column !== last);
    }
    return {
      text: render(shown, this.rows),
      leftOut: this.columns.filter((column) => !shown.includes(column)).map(({ title }) => title),
    };
  }
}

export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  empty = 'Nothing to show.',
): Table<Row> {
  return new Table(columns, rows, empty);
}

function widthOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): number {
  return Math.max(...render(columns, rows).split('\n').map(lengthOf));
}

function render<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
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

/** `name  value` lines; a long value goes on below itself. */
export function facts(entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  const below = `\n${' '.repeat(width)}${GAP}`;
  return entries
    .map(([name, value]) => {
      const lines = wrapped(printable(value), FACTS_WIDTH - width - GAP.length);
      return `${name.padEnd(width)}${GAP}${lines.join(below)}`.trimEnd();
    })
    .join('\n');
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && lengthOf(last) + 1 + lengthOf(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function pad(text: string, width: number, alignRight: boolean): string {
  const space = ' '.repeat(Math.max(0, width - lengthOf(text)));
  return alignRight ? space + text : text + space;
}

/** In characters as people count them, so that an accent or emoji is one. */
function lengthOf(text: string): number {
  return [...new Intl.Segmenter().segment(text)].length;
}
