import { newId } from '../../kernel/ids.js';
import { type Prepared, prepared, type Tx } from '../../platform/database/index.js';
import type { EventRow, WorkingSet } from '../domain/working-set.js';
import { arrayLiteral, type Column } from './array-literal.js';
import { COLUMNS, type Rows } from './working-set.columns.js';
import { WRITE_PARTS } from './working-set.sql.js';

type Part = keyof Rows;
type Columns = Readonly<Record<string, Column<unknown>>>;

/** The accounts come last: a batch that changed anything changed one of them, or only added refusals. */
const PARTS = Object.keys(WRITE_PARTS) as Part[];
/** $1 is the organization, $2 the time of the batch. */
const COMMON_PARAMETERS = 2;

/**
 * Writes all that a batch changed, in one statement: each table's rows go in as one array a column. New leases are inserted, never
 * merged: two replicas that grant the same id at the same time must collide, not overwrite each other.
 */
export function writeWorkingSet(tx: Tx, set: WorkingSet): void {
  const rows = rowsOf(set);
  const parts = PARTS.filter((part) => rows[part].length > 0);
  if (parts.length === 0) return;
  const parameters: unknown[] = [set.organizationId, set.now];
  for (const part of parts) {
    for (const column of Object.values(COLUMNS[part] as Columns))
      parameters.push(arrayLiteral(column, rows[part]));
  }
  tx.defer(statementFor(parts), parameters);
}

const statements = new Map<string, Prepared>();

/** The text depends on nothing but which tables are written; few combinations ever occur. */
function statementFor(parts: readonly Part[]): Prepared {
  const key = parts.join();
  const known = statements.get(key);
  if (known) return known;
  let parameters = COMMON_PARAMETERS;
  const texts = parts.map((part) => {
    const first = parameters + 1;
    parameters += Object.keys(COLUMNS[part]).length;
    return { part, ...bound(part, first) };
  });
  // Not every set of tables has a time in it, and a parameter that is used nowhere has no type.
  const common = [
    'batch AS (SELECT $2::timestamptz)',
    ...texts.map(({ part, rows }) => `"rows of ${part}" AS MATERIALIZED (${rows})`),
    ...texts.slice(0, -1).map(({ part, sql }) => `"${part}" AS (${sql})`),
  ];
  const statement = prepared(`WITH ${common.join(', ')} ${texts.at(-1)?.sql ?? ''}`);
  statements.set(key, statement);
  return statement;
}

/**
 * One part with its parameters, the first of which is `$first`. In the list of what is selected, arrays of one length come apart side by
 * side; in FROM each would be put into a table of its own first. And once only: a join would take them apart for each row that it looks at.
 */
function bound(part: Part, first: number): { readonly rows: string; readonly sql: string } {
  const columns = Object.entries(COLUMNS[part] as Columns);
  const parameter = (name: string): string =>
    `$${first + columns.findIndex(([column]) => column === name)}::${COLUMNS[part][name]?.type ?? ''}[]`;
  return {
    rows: `SELECT ${columns.map(([name]) => `unnest(${parameter(name)}) AS ${name}`).join(', ')}`,
    sql: WRITE_PARTS[part]
      .replace(/\?\.(\w+)/g, (_match, name: string) => parameter(name))
      .replace('?', `"rows of ${part}" AS x`),
  };
}

function rowsOf(set: WorkingSet): { readonly [P in Part]: readonly Rows[P][] } {
  const { changes } = set;
  const nowMs = set.now.getTime();
  const withId = <Row extends object>(row: Row) => ({ ...row, id: newId(nowMs) });
  return {
    newLeases: all(set.leases, changes.newLeases),
    changedLeases: all(
      set.leases,
      [...changes.changedLeases].filter((id) => !changes.newLeases.has(id)),
    ),
    entries: changes.entries,
    settlements: changes.settlements,
    usage: changes.usage,
    refusals: changes.refusals,
    transfers: changes.transfers,
    audit: changes.audit.map(withId),
    events: changes.events.map((row) => ({ ...withId(row), onceKey: onceKeyOf(row, nowMs) })),
    anomalies: [...changes.anomalies.values()].map(withId),
    pauses: [...changes.pauses].map(([projectId, reason]) => ({ projectId, reason })),
    blocks: [...changes.blocks].map((keyId) => ({ keyId })),
    bars: [...changes.bars].map(([sessionId, model]) => ({ sessionId, model })),
    epochs: changes.blocks.size > 0 ? [{ changedAt: set.now }] : [],
    windows: all(set.windows, changes.windows),
    accounts: all(set.accounts, changes.accounts),
  };
}

/** The same for all that happens within a minute. */
function onceKeyOf({ oncePer }: EventRow, nowMs: number): string | null {
  return oncePer === undefined ? null : `${oncePer}@${Math.floor(nowMs / 60_000)}`;
}

function all<Row>(known: ReadonlyMap<string, Row>, keys: Iterable<string>): Row[] {
  return [...keys].map((key) => {
    const row = known.get(key);
    if (row === undefined) throw new Error('a changed row is not in the working set');
    return row;
  });
}
