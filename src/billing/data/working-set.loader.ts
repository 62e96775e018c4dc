import { prepared, type Tx } from '../../platform/database/index.js';
import { type Budget, type BudgetWindow, type LeaseScope, windowKey } from '../domain/budgets.js';
import type { Command, Settle } from '../domain/commands.js';
import { windowStart } from '../domain/windows.js';
import { holderKey, noChanges, settlementKey, type WorkingSet } from '../domain/working-set.js';
import { reviveSettled, reviveTransfer } from './answers.js';
import {
  type AccountRow,
  accountOf,
  bytes,
  type Facts,
  leaseOf,
  type ReportRow,
  termsOf,
} from './working-set.rows.js';
import {
  LOCK_ACCOUNTS,
  LOCK_WINDOWS,
  OPEN_WINDOWS,
  READ_FACTS,
  READ_REPORTS,
} from './working-set.sql.js';

const LOCK = prepared(LOCK_ACCOUNTS);
const FACTS = prepared(READ_FACTS);
const WINDOWS = prepared(LOCK_WINDOWS);
const REPORTS = prepared(READ_REPORTS);

/**
 * Locks the accounts that a batch touches, in id order, and then reads everything else: a statement that starts after the lock was
 * granted sees all that its former holders committed. Both are sent at once; the second waits in the database, not here. Budget windows
 * come last, in their own order; who has none pays nothing for them.
 */
export async function loadWorkingSet(
  tx: Tx,
  organizationId: string,
  commands: readonly Command[],
): Promise<WorkingSet> {
  const projectIds = distinct(commands.map((command) => command.projectId));
  const reports = commands.filter((command) => command.kind === 'settle');
  const [accounts, [row]] = await Promise.all([
    tx.query<AccountRow>(LOCK, [organizationId, projectIds]),
    tx.query<{ facts: Facts }>(FACTS, [
      organizationId,
      projectIds,
      distinct(commands.flatMap((command) => ('sessionId' in command ? [command.sessionId] : []))),
      distinct(commands.flatMap(leaseIdsOf)),
      distinct(commands.flatMap((command) => ('requestId' in command ? [command.requestId] : []))),
      distinct(commands.flatMap((command) => ('keyId' in command ? [command.keyId] : []))),
    ]),
  ]);
  if (!row) throw new Error('the facts query gave no row');
  const set = assemble(organizationId, accounts, row.facts);
  await readRepetitions(tx, set, reports);
  await lockWindows(tx, set);
  return set;
}

function leaseIdsOf(command: Command): string[] {
  if (command.kind === 'transfer' || command.kind === 'refill') return [];
  return command.kind === 'settle' && command.next
    ? [command.leaseId, command.next.leaseId]
    : [command.leaseId];
}

function assemble(
  organizationId: string,
  accounts: readonly AccountRow[],
  facts: Facts,
): WorkingSet {
  return {
    organizationId,
    now: new Date(facts.now_ms),
    calendar: { timeZone: facts.time_zone, monthStartsOn: facts.month_starts_on },
    accounts: new Map(accounts.map((row) => [row.project_id, accountOf(row)])),
    projects: new Map(facts.projects.map((row) => [row.id, termsOf(row)])),
    sessions: new Map(facts.sessions.map(({ id, ...session }) => [id, session])),
    budgets: new Map(
      facts.budgets.map((row): [string, Budget] => [row.id, { ...row, limit: BigInt(row.limit) }]),
    ),
    windows: new Map(),
    leases: new Map(facts.leases.map((row) => [row.id, leaseOf(row)])),
    refusals: new Map(
      facts.refusals.map((row) => [
        row.lease_id,
        { sessionId: row.session_id, requestHash: bytes(row.request_hash), answer: row.refusal },
      ]),
    ),
    settlements: new Map(),
    transfers: new Map(
      facts.transfers.map((row) => [
        row.request_id,
        { requestHash: bytes(row.request_hash), answer: reviveTransfer(row.answer) },
      ]),
    ),
    openLeases: new Map(
      facts.open.map((row) => [holderKey(row.project_id, row.key_id), row.count]),
    ),
    changes: noChanges(),
  };
}

/** A report whose number was there already. Which numbers were is in the lease: reports are numbered without gaps. */
async function readRepetitions(tx: Tx, set: WorkingSet, reports: readonly Settle[]): Promise<void> {
  const again = reports.filter(
    ({ leaseId, seq }) => seq <= (set.leases.get(leaseId)?.lastSeq ?? 0),
  );
  if (again.length === 0) return;
  const rows = await tx.query<ReportRow>(REPORTS, [
    set.organizationId,
    again.map(({ leaseId }) => leaseId),
    again.map(({ seq }) => seq),
  ]);
  for (const row of rows)
    set.settlements.set(settlementKey(row.lease_id, row.seq), {
      requestHash: row.request_hash,
      answer: reviveSettled(row.answer),
    });
}

/** The windows of now for every budget that was read, and those that hold the leases of the batch. */
async function lockWindows(tx: Tx, set: WorkingSet): Promise<void> {
  const wanted = new Map<string, LeaseScope>();
  for (const budget of set.budgets.values()) {
    const scope = { budgetId: budget.id, start: windowStart(budget.window, set.now, set.calendar) };
    wanted.set(windowKey(scope), scope);
  }
  for (const lease of set.leases.values()) {
    for (const scope of lease.scopes) wanted.set(windowKey(scope), scope);
  }
  if (wanted.size === 0) return;
  const scopes = [...wanted.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, scope]) => scope);
  const parameters = [
    set.organizationId,
    scopes.map(({ budgetId }) => budgetId),
    scopes.map(({ start }) => start),
  ];
  let rows = await tx.query<WindowRow>(WINDOWS, parameters);
  if (rows.length < scopes.length) {
    await tx.query(OPEN_WINDOWS, parameters);
    rows = await tx.query<WindowRow>(WINDOWS, parameters);
  }
  for (const row of rows) {
    const window: BudgetWindow = {
      budgetId: row.budget_id,
      start: row.start,
      reserved: row.reserved_nano,
      settled: row.settled_nano,
      alertedSpent: row.alerted_spent,
      alertedCommitted: row.alerted_committed,
    };
    set.windows.set(windowKey(window), window);
  }
}

interface WindowRow {
  budget_id: string;
  start: string;
  reserved_nano: bigint;
  settled_nano: bigint;
  alerted_spent: number;
  alerted_committed: number;
}

const distinct = (values: readonly string[]): string[] => [...new Set(values)];
