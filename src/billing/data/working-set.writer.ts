import { newId } from '../../kernel/ids.js';
import { stringify } from '../../kernel/json.js';
import type { Tx } from '../../platform/database/index.js';
import { inputTokensOf, outputTokensOf } from '../domain/pricing.js';
import type { Lease } from '../domain/state.js';
import type { UsageRow, WorkingSet } from '../domain/working-set.js';
import { WRITE_PARTS } from './working-set.sql.js';

type Part = keyof typeof WRITE_PARTS;

const NO_LEGS = { external: 0n, available: 0n, reserved: 0n, spent: 0n, overdraft: 0n };

/**
 * Writes all that a batch changed, in one statement: rows go in as JSON, one array a table. New leases are inserted, never merged: two
 * replicas that grant the same id at the same time must collide, not overwrite each other.
 */
export async function writeWorkingSet(tx: Tx, set: WorkingSet): Promise<void> {
  const parts = Object.entries(rowsOf(set)).filter(([, rows]) => rows.length > 0) as [
    Part,
    readonly object[],
  ][];
  const [last, ...others] = parts.reverse();
  if (!last) return;
  const parameters: unknown[] = [set.organizationId, set.now];
  const sql = ([part, rows]: [Part, readonly object[]]): string =>
    WRITE_PARTS[part].replace('?', `$${parameters.push(stringify(rows))}`);
  // Not every set of tables has a time in it, and a parameter that is used nowhere has no type.
  const common = [
    'batch AS (SELECT $2::timestamptz)',
    ...others.map((part) => `"${part[0]}" AS (${sql(part)})`),
  ];
  await tx.query(`WITH ${common.join(', ')} ${sql(last)}`, parameters);
}

/** The accounts come last: a batch that changed anything changed one of them, or only added refusals. */
function rowsOf(set: WorkingSet): Record<Part, readonly object[]> {
  const { changes } = set;
  const lease = (id: string): object => leaseRow(set.leases.get(id));
  const nowMs = set.now.getTime();
  return {
    newLeases: [...changes.newLeases].map(lease),
    changedLeases: [...changes.changedLeases].filter((id) => !changes.newLeases.has(id)).map(lease),
    entries: changes.entries.map(({ legs, ...entry }) => ({ ...NO_LEGS, ...legs, ...entry })),
    settlements: changes.settlements.map(withHex),
    usage: changes.usage.map(usageRow),
    refusals: changes.refusals.map(withHex),
    transfers: changes.transfers.map(withHex),
    audit: changes.audit.map((row) => ({ ...row, id: newId(nowMs) })),
    events: changes.events.map((row) => ({ ...row, id: newId(nowMs) })),
    windows: [...changes.windows].map((key) => set.windows.get(key) ?? {}),
    accounts: [...changes.accounts].map((id) => set.accounts.get(id) ?? {}),
  };
}

function withHex<Row extends { requestHash: Buffer }>(row: Row): object {
  return { ...row, requestHash: row.requestHash.toString('hex') };
}

function leaseRow(lease: Lease | undefined): object {
  if (!lease) throw new Error('a changed lease is not in the working set');
  return withHex(lease);
}

function usageRow(row: UsageRow): object {
  const { tokens } = row;
  return { ...row, inputTokens: inputTokensOf(tokens), outputTokens: outputTokensOf(tokens) };
}
