/**
 * Columns as PostgreSQL array literals: one parameter a column instead of one JSON document a table. It is a fraction of the work on both
 * sides, which matters for what every lease writes.
 */
export interface Column<Row> {
  /** Type of one element, for the cast of the parameter. */
  readonly type: string;
  /** The element as it stands in the literal. */
  readonly element: (row: Row) => string;
}

type Get<Row, T> = (row: Row) => T | null;

/** Text without anything that a literal would read: digits, ids, `true`. */
function bare<T extends string | number | bigint | boolean>(type: string) {
  return <Row>(get: Get<Row, T>): Column<Row> => ({
    type,
    element: (row) => get(row)?.toString() ?? 'NULL',
  });
}

export const uuid = bare<string>('uuid');
export const int8 = bare<bigint | number>('int8');
export const int4 = bare<number>('int4');
export const bool = bare<boolean>('bool');
/** A day, as `2026-11-01`. */
export const day = bare<string>('date');

export function timestamp<Row>(get: Get<Row, Date>): Column<Row> {
  return { type: 'timestamptz', element: (row) => get(row)?.toISOString() ?? 'NULL' };
}

export function bytes<Row>(get: Get<Row, Buffer>): Column<Row> {
  return {
    type: 'bytea',
    element: (row) => {
      const value = get(row);
      return value === null ? 'NULL' : `"\\\\x${value.toString('hex')}"`;
    },
  };
}

export function text<Row>(get: Get<Row, string>): Column<Row> {
  return {
    type: 'text',
    element: (row) => {
      const value = get(row);
      return value === null ? 'NULL' : quoted(value);
    },
  };
}

/** @param get gives JSON text */
export function jsonb<Row>(get: Get<Row, string>): Column<Row> {
  return { ...text(get), type: 'jsonb' };
}

/** An array as a value of its own; the statement casts it, since arrays of arrays would have to be of one length. */
export function texts<Row>(get: Get<Row, readonly string[]>): Column<Row> {
  return text((row) => {
    const value = get(row);
    return value === null ? null : `{${value.map(quoted).join(',')}}`;
  });
}

export function arrayLiteral<Row>({ element }: Column<Row>, rows: readonly Row[]): string {
  return `{${rows.map(element).join(',')}}`;
}

const SPECIAL = /["\\]/;

function quoted(value: string): string {
  return SPECIAL.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`;
}
