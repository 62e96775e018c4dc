/**
 * Walks an organization's book in the order in which it was committed, and judges every point of it. End states hide races: two
 * grants that were together too much leave no trace once one of them has been returned.
 */
export type Query = <Row>(sql: string, parameters: unknown[]) => Promise<Row[]>;

export interface History {
  readonly entries: number;
  readonly grants: number;
  /** One sentence for each point that should not have been. */
  readonly faults: readonly string[];
}

export interface Circumstances {
  /** The highest limit that a budget had while it was used, for budgets whose limit was changed; others: their limit and raises. */
  readonly limits?: ReadonlyMap<string, bigint>;
  /** Projects that were in dry-run mode at some time: there, grants may go beyond limits and into debt. */
  readonly observed?: ReadonlySet<string>;
}

interface EntryRow {
  id: string;
  project: string;
  kind: string;
  available: string;
  reserved: string;
  spent: string;
  overdraft: string;
  lease: string | null;
  seq: number | null;
  at: number;
  scopes: Scope[] | null;
  observed: boolean;
}
interface Scope {
  budgetId: string;
  start: string;
}
interface SettlementRow {
  lease: string;
  seq: number;
  amount: string;
  budgets: (Scope & { amount: number })[];
  scopes: Scope[];
  at: number;
}
interface BudgetRow {
  id: string;
  limit: string;
  raises: { amount: number; from: number; to: number }[];
}

// `at` is read under the account's lock, so it never falls from one commit of a project to the next; within one millisecond the
// transaction's number decides. Where the server keeps commit times (track_commit_timestamp) they order commits across projects too.
const ENTRIES = (order: string): string => `
  SELECT e.id, e.project_id AS project, e.kind, e.available_nano::text AS available, e.reserved_nano::text AS reserved,
    e.spent_nano::text AS spent, e.overdraft_nano::text AS overdraft, e.lease_id AS lease, e.seq, (extract(epoch FROM e.at) * 1000)::float8 AS at, l.scopes,
    p.mode = 'observe' AS observed
  FROM ledger_entries e
  JOIN projects p ON p.organization_id = e.organization_id AND p.id = e.project_id
  LEFT JOIN leases l ON l.organization_id = e.organization_id AND l.id = e.lease_id
  WHERE e.organization_id = $1 ORDER BY ${order} e.xmin::text::bigint, e.id`;
const SETTLEMENTS = `
  SELECT s.lease_id AS lease, s.seq, s.amount_nano::text AS amount, s.budgets, l.scopes, (extract(epoch FROM s.settled_at) * 1000)::float8 AS at
  FROM settlements s JOIN leases l ON l.organization_id = s.organization_id AND l.id = s.lease_id
  WHERE s.organization_id = $1 ORDER BY s.settled_at, s.xmin::text::bigint`;
const BUDGETS = `
  SELECT b.id, b.limit_nano::text AS limit, coalesce((
    SELECT json_agg(json_build_object('amount', r.amount_nano, 'from', extract(epoch FROM r.starts_at) * 1000, 'to', extract(epoch FROM r.ends_at) * 1000))
    FROM budget_raises r WHERE r.organization_id = $1 AND r.budget_id = b.id), '[]') AS raises
  FROM budgets b WHERE b.organization_id = $1`;

export async function readHistory(
  query: Query,
  organizationId: string,
  circumstances: Circumstances = {},
): Promise<History> {
  const [setting] = await query<{ kept: string }>(
    `SELECT current_setting('track_commit_timestamp') AS kept`,
    [],
  );
  const order = setting?.kept === 'on' ? 'pg_xact_commit_timestamp(e.xmin),' : 'e.at,';
  const entries = await query<EntryRow>(ENTRIES(order), [organizationId]);
  const settlements = await query<SettlementRow>(SETTLEMENTS, [organizationId]);
  const budgets = await query<BudgetRow>(BUDGETS, [organizationId]);
  const walk = new Walk(entries, settlements, budgets, circumstances);
  entries.forEach((entry, index) => walk.step(entry, nextOf(entries, index)));
  return { entries: entries.length, grants: walk.grants, faults: walk.faults };
}

/** Throws with the first faults, if there are any. */
export async function expectSoundHistory(
  query: Query,
  organizationId: string,
  circumstances?: Circumstances,
): Promise<History> {
  const history = await readHistory(query, organizationId, circumstances);
  if (history.faults.length === 0) return history;
  const shown = history.faults.slice(0, 10).join('\n  ');
  throw new Error(`the history has ${history.faults.length} bad points:\n  ${shown}`);
}

/** The entry that follows in the same project. */
function nextOf(entries: readonly EntryRow[], index: number): EntryRow | undefined {
  return entries
    .slice(index + 1, index + 50)
    .find(({ project }) => project === entries[index]?.project);
}

const reportKey = ({ lease, seq }: { lease: string | null; seq: number | null }): string =>
  `${lease}/${seq}`;

class Walk {
  readonly faults: string[] = [];
  grants = 0;
  private readonly accounts = new Map<string, { free: bigint; reserved: bigint; debt: bigint }>();
  private readonly windows = new Map<string, { reserved: bigint; settled: bigint }>();
  private readonly settlements: Map<string, SettlementRow>;
  /** What the entries of a report book; the rest of it explains a remainder that was charged before. */
  private readonly moved = new Map<string, bigint>();
  /** Reports that only explain: no entry says when they came, their own time does. */
  private readonly silent: SettlementRow[];
  private readonly budgets: Map<string, BudgetRow>;

  constructor(
    entries: readonly EntryRow[],
    settlements: readonly SettlementRow[],
    budgets: readonly BudgetRow[],
    private readonly circumstances: Circumstances,
  ) {
    for (const entry of entries) {
      if (entry.seq === null) continue;
      const key = reportKey(entry);
      this.moved.set(key, (this.moved.get(key) ?? 0n) + BigInt(entry.spent));
    }
    this.settlements = new Map(settlements.map((row) => [reportKey(row), row]));
    this.silent = settlements.filter((row) => !this.moved.has(reportKey(row)));
    this.budgets = new Map(budgets.map((row) => [row.id, row]));
  }

  step(entry: EntryRow, next: EntryRow | undefined): void {
    while (this.silent[0] && this.silent[0].at <= entry.at) this.report(this.silent.shift());
    this.book(entry, next);
    this.hold(entry);
    if (entry.seq !== null) this.report(this.settlements.get(reportKey(entry)));
    if (entry.kind === 'GRANT') this.judgeGrant(entry);
  }

  private observes(entry: EntryRow): boolean {
    return entry.observed || (this.circumstances.observed?.has(entry.project) ?? false);
  }

  private book(entry: EntryRow, next: EntryRow | undefined): void {
    const account = this.accounts.get(entry.project) ?? { free: 0n, reserved: 0n, debt: 0n };
    this.accounts.set(entry.project, account);
    const hadDebt = account.debt > 0n;
    account.free += BigInt(entry.available);
    account.reserved += BigInt(entry.reserved);
    account.debt -= BigInt(entry.overdraft);
    // What was used anyhow, or taken back by a person, is followed at once, in the same commit, by the debt that covers it.
    const mayOwe = ['LATE', 'CORRECTION', ...(this.observes(entry) ? ['GRANT'] : [])];
    const covered =
      mayOwe.includes(entry.kind) && next?.kind === 'OVERDRAFT' && next.at === entry.at;
    if (account.free < 0n && !covered) this.fault(entry, `the free balance was ${account.free}`);
    if (account.reserved < 0n) this.fault(entry, `${account.reserved} was leased`);
    if (account.debt < 0n) this.fault(entry, `the debt was ${account.debt}`);
    if (entry.kind === 'GRANT' && hadDebt && !this.observes(entry))
      this.fault(entry, 'it was granted during debt');
  }

  /** What the entry changes in the budget windows that hold its lease. */
  private hold(entry: EntryRow): void {
    const reserved = BigInt(entry.reserved);
    for (const scope of entry.scopes ?? []) {
      const window = this.window(scope);
      window.reserved += reserved;
      if (entry.kind === 'CHARGE') window.settled -= reserved;
      if (window.reserved < 0n)
        this.fault(entry, `budget ${scope.budgetId} held ${window.reserved}`);
    }
  }

  /** What a report counts against budgets, once. */
  private report(settlement: SettlementRow | undefined): void {
    if (!settlement || !this.settlements.delete(reportKey(settlement))) return;
    const explained = BigInt(settlement.amount) - (this.moved.get(reportKey(settlement)) ?? 0n);
    for (const scope of settlement.scopes) this.window(scope).settled -= explained;
    for (const charge of settlement.budgets) this.window(charge).settled += BigInt(charge.amount);
  }

  private judgeGrant(entry: EntryRow): void {
    this.grants++;
    if (this.observes(entry)) return;
    for (const scope of entry.scopes ?? []) {
      const { reserved, settled } = this.window(scope);
      const limit = this.limitAt(scope.budgetId, entry.at);
      if (reserved + settled > limit)
        this.fault(
          entry,
          `budget ${scope.budgetId} from ${scope.start} had ${reserved} leased and ${settled} spent of ${limit}`,
        );
    }
  }

  private limitAt(budgetId: string, at: number): bigint {
    const known = this.circumstances.limits?.get(budgetId);
    if (known !== undefined) return known;
    const budget = this.budgets.get(budgetId);
    const raised = budget?.raises.filter(({ from, to }) => from <= at + 1 && to >= at) ?? [];
    return raised.reduce((sum, { amount }) => sum + BigInt(amount), BigInt(budget?.limit ?? 0));
  }

  private window({ budgetId, start }: Scope): { reserved: bigint; settled: bigint } {
    const key = `${budgetId}/${start}`;
    const window = this.windows.get(key) ?? { reserved: 0n, settled: 0n };
    this.windows.set(key, window);
    return window;
  }

  private fault(entry: EntryRow, what: string): void {
    this.faults.push(`after ${entry.kind} ${entry.id} of project ${entry.project}: ${what}`);
  }
}
