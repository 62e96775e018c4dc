import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/errors.js';
import { type OwnerQueries, protectTables } from './protection.js';
import { OWNER, SYSTEM } from './scope.js';
import { sqlState, type Tx, UnitOfWork } from './unit-of-work.js';

/** Partitioned by month: by the database's time, or by the time in the lease's id (UUIDv7), which the client's clock made. */
export const PARTITIONED = {
  ledger_entries: 'time',
  settlements: 'lease',
  usage_records: 'time',
} as const;
type Table = keyof typeof PARTITIONED;
const TABLES = Object.keys(PARTITIONED) as Table[];

/** A server that nobody restarts and whose job fails has this long before rows have no month of their own. */
const MONTHS_AHEAD = 3;
/** Of what an older version left: more months than that stay together. */
const MOST_MONTHS = 120;
const LOCK_NOT_AVAILABLE = '55P03';
const UNDEFINED_TABLE = '42P01';
const UNIQUE_VIOLATION = '23505';

/** The first day of a month, `2026-11-01`. */
export type Month = string;

export interface Partition {
  readonly table: Table;
  /** null: of rows that have no month of their own. */
  readonly month: Month | null;
  readonly bytes: bigint;
  /** As the database estimates it; null: it has not looked yet. */
  readonly rows: number | null;
}

const EXISTING = `
  SELECT p.relname AS "table", c.relname AS name, pg_total_relation_size(c.oid) AS bytes, c.reltuples::float8 AS rows
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
  WHERE p.relnamespace = current_schema()::regnamespace AND p.relkind = 'p'
  ORDER BY c.relname`;

const NAME = /_(\d{4})_(\d\d)$/;

/** Makes and drops the months of the tables that only grow. */
@Injectable()
export class Partitions {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Any number of replicas may do it. @returns the names of those that were missing */
  createAhead(): Promise<readonly string[]> {
    return this.unitOfWork.run(OWNER, async (tx) => {
      const made = await createPartitions(tx);
      if (made.length > 0) await protectTables(tx, () => undefined);
      return made;
    });
  }

  async list(): Promise<readonly Partition[]> {
    const rows = await this.unitOfWork.read<ExistingRow>(SYSTEM, EXISTING);
    return rows.map(({ table, name, bytes, rows: estimate }) => ({
      table,
      month: monthOfName(name),
      bytes,
      rows: estimate < 0 ? null : estimate,
    }));
  }

  /** Exact, because it should be next to nothing. @returns rows without a month, of each table */
  countStrays(): Promise<readonly { readonly table: string; readonly rows: number }[]> {
    return this.unitOfWork.read(
      OWNER,
      TABLES.map(
        (table) => `SELECT '${table}' AS "table", count(*)::int AS rows FROM ${table}_default`,
      ).join(' UNION ALL '),
    );
  }

  /**
   * Drops a month of all tables, in one transaction with what `before` does. Its partitions take no rows meanwhile.
   *
   * @throws {AppError} UNAVAILABLE when the tables are too busy for a moment without anybody else
   */
  async drop(month: Month, before: (tx: Tx) => Promise<void>): Promise<void> {
    try {
      await this.unitOfWork.run(OWNER, async (tx) => {
        const there = (await tx.query<ExistingRow>(EXISTING)).filter(
          ({ name }) => monthOfName(name) === month,
        );
        for (const { name } of there) await tx.query(`LOCK TABLE ${name} IN SHARE MODE`);
        await before(tx);
        if (there.length === 0) return;
        await tx.query(`DROP TABLE ${there.map(({ name }) => name).join(', ')}`);
      });
    } catch (error) {
      // Somebody else has dropped it meanwhile.
      if (sqlState(error) === UNDEFINED_TABLE || sqlState(error) === UNIQUE_VIOLATION)
        throw new AppError('CONFLICT', 'This month is dropped already.', { cause: error });
      if (!isBusy(error)) throw error;
      throw new AppError(
        'UNAVAILABLE',
        'The tables are busy at the moment. Nothing was dropped; try again.',
        { cause: error, retryAfterSeconds: 2 },
      );
    }
  }
}

/** Somebody reads or writes what the schema's change has to wait for. */
export function isBusy(error: unknown): boolean {
  return error instanceof AppError && sqlState(error.cause) === LOCK_NOT_AVAILABLE;
}

interface ExistingRow {
  readonly table: Table;
  readonly name: string;
  readonly bytes: bigint;
  readonly rows: number;
}

function monthOfName(name: string): Month | null {
  const [, year, month] = NAME.exec(name) ?? [];
  return year === undefined || month === undefined ? null : `${year}-${month}-01`;
}

/**
 * The months from the oldest row that has none to some months ahead. Rows that waited in the default partition move to their month.
 *
 * The lock is one that only its like waits for: two replicas do it one after the other, and nobody who reads or writes waits, but for
 * rows of the default partition.
 */
export async function createPartitions(tx: OwnerQueries): Promise<readonly string[]> {
  const [clock] = (await tx.query(
    `SELECT to_char(least(now(), (SELECT min(at) FROM ledger_entries_default), (SELECT min(at) FROM usage_records_default)) AT TIME ZONE 'UTC', 'YYYY-MM-01') AS oldest,
       to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-01') AS today`,
  )) as { oldest: Month; today: Month }[];
  if (!clock) throw new Error('the database has no clock');
  const last = addMonths(clock.today, MONTHS_AHEAD);
  const wanted: Month[] = [];
  for (let month = last; month >= clock.oldest && wanted.length < MOST_MONTHS;)
    month = addMonths(wanted[wanted.push(month) - 1] ?? month, -1);
  const missing = missingOf(wanted, await existing(tx));
  if (missing.length === 0) return [];
  const tables = [...new Set(missing.map(({ table }) => table))];
  await tx.query(`LOCK TABLE ${tables.join(', ')} IN SHARE UPDATE EXCLUSIVE MODE`);
  const stillMissing = missingOf(wanted, await existing(tx));
  for (const { table, month } of stillMissing) await create(tx, table, month);
  return stillMissing.map(({ table, month }) => nameOf(table, month));
}

async function existing(tx: OwnerQueries): Promise<ReadonlySet<string>> {
  return new Set(((await tx.query(EXISTING)) as ExistingRow[]).map(({ name }) => name));
}

function missingOf(
  wanted: readonly Month[],
  there: ReadonlySet<string>,
): { table: Table; month: Month }[] {
  return TABLES.flatMap((table) =>
    wanted.filter((month) => !there.has(nameOf(table, month))).map((month) => ({ table, month })),
  );
}

async function create(tx: OwnerQueries, table: Table, month: Month): Promise<void> {
  const name = nameOf(table, month);
  const [from, to] = [boundOf(table, month), boundOf(table, addMonths(month, 1))];
  const key = PARTITIONED[table] === 'time' ? 'at' : 'lease_id';
  await tx.query(`LOCK TABLE ${table}_default IN ACCESS EXCLUSIVE MODE`);
  await tx.query(`CREATE TABLE ${name} (LIKE ${table} INCLUDING ALL)`);
  await tx.query(
    `WITH strays AS (DELETE FROM ${table}_default WHERE ${key} >= '${from}' AND ${key} < '${to}' RETURNING *) INSERT INTO ${name} SELECT * FROM strays`,
  );
  await tx.query(
    `ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${to}')`,
  );
}

function nameOf(table: Table, month: Month): string {
  return `${table}_${month.slice(0, 4)}_${month.slice(5, 7)}`;
}

/** Where a month begins in a table. */
export function boundOf(table: Table, month: Month): string {
  return PARTITIONED[table] === 'time' ? `${month}T00:00:00Z` : firstLeaseOf(month);
}

/** No UUIDv7 of the month sorts before it. */
export function firstLeaseOf(month: Month): string {
  const hex = Date.parse(`${month}T00:00:00Z`).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

export function addMonths(month: Month, count: number): Month {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + count, 1)).toISOString().slice(0, 10);
}
