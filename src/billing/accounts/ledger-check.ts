import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { UnitOfWork } from '../../platform/database/index.js';

export interface Finding {
  readonly invariant: string;
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
}

export interface LedgerReport {
  readonly ok: boolean;
  readonly checkedAccounts: number;
  readonly findings: readonly Finding[];
}

const MOST_FINDINGS = 100;
/** Checks that run here at once, of all organizations: each keeps a connection to itself, and the others are for who moves money. */
const AT_ONCE = 4;

/**
 * Recomputes every figure of an organization from the rows that it is made of, and names each row that disagrees. It reads all that there
 * is: who asks while a check of the same organization runs shares the next one with all others who do.
 */
@Injectable()
export class LedgerCheck implements OnModuleDestroy {
  private readonly ending = new AbortController();
  private readonly running = new Map<string, Promise<LedgerReport>>();
  private readonly waiting = new Map<string, Promise<LedgerReport>>();
  private places = AT_ONCE;
  private readonly queue: (() => void)[] = [];

  constructor(private readonly unitOfWork: UnitOfWork) {}

  run(organizationId: string): Promise<LedgerReport> {
    const before = this.running.get(organizationId);
    if (!before) return this.start(organizationId);
    // Not the one that runs: its snapshot may be older than what the caller did.
    const known = this.waiting.get(organizationId);
    if (known) return known;
    const next = before
      .catch(() => undefined)
      .then(() => {
        this.waiting.delete(organizationId);
        return this.start(organizationId);
      });
    this.waiting.set(organizationId, next);
    return next;
  }

  /** Ends what runs. */
  onModuleDestroy(): void {
    this.ending.abort();
  }

  private start(organizationId: string): Promise<LedgerReport> {
    const report = this.inTurn(organizationId).finally(() => this.running.delete(organizationId));
    this.running.set(organizationId, report);
    return report;
  }

  private async inTurn(organizationId: string): Promise<LedgerReport> {
    if (this.places > 0) this.places--;
    else await new Promise<void>((resolve) => this.queue.push(resolve));
    try {
      return await this.look(organizationId);
    } finally {
      // The place goes from hand to hand while somebody waits for it.
      const next = this.queue.shift();
      if (next) next();
      else this.places++;
    }
  }

  private look(organizationId: string): Promise<LedgerReport> {
    // One snapshot: a settlement between two of the queries must not look like a fault.
    return this.unitOfWork.survey(organizationId, this.ending.signal, async (tx) => {
      const findings: Finding[] = [];
      for (const [invariant, sql] of Object.entries(INVARIANTS)) {
        const rows = await tx.query<{ subject: string; expected: string; found: string }>(
          `${sql} LIMIT ${MOST_FINDINGS}`,
          [organizationId],
        );
        findings.push(...rows.map((row) => ({ invariant, ...row })));
      }
      const [count] = await tx.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM accounts WHERE organization_id = $1',
        [organizationId],
      );
      return {
        ok: findings.length === 0,
        checkedAccounts: count?.count ?? 0,
        findings: findings.slice(0, MOST_FINDINGS),
      };
    });
  }
}

/**
 * Where the books begin: months before it were dropped, and what they summed up to was carried forward. Leases have rows of both sides
 * of it; of those from before only the sums can be checked.
 */
const SINCE = `(SELECT coalesce(max(month) + interval '1 month', '-infinity') FROM dropped_months)::timestamp AT TIME ZONE 'UTC'`;
const FIRST_LEASE = `(SELECT coalesce(max(first_lease), '00000000-0000-0000-0000-000000000000')::uuid FROM dropped_months)`;

/** Each query gives a row for every subject that breaks the rule of its name. */
const INVARIANTS: Readonly<Record<string, string>> = {
  'figures equal the entries': `
    SELECT 'project ' || a.project_id || ' ' || f.name AS subject, f.figure::text AS found, f.entries::text AS expected
    FROM accounts a
    LEFT JOIN (
      SELECT project_id, sum(external_nano) AS external, sum(available_nano) AS available, sum(reserved_nano) AS reserved,
        sum(spent_nano) AS spent, sum(overdraft_nano) AS overdraft
      FROM ledger_entries WHERE organization_id = $1 GROUP BY project_id
    ) e ON e.project_id = a.project_id
    CROSS JOIN LATERAL (VALUES
      ('available', a.deposited_nano + a.overdraft_nano - a.settled_nano - a.reserved_nano, coalesce(e.available, 0)),
      ('reserved', a.reserved_nano, coalesce(e.reserved, 0)),
      ('spent', a.settled_nano, coalesce(e.spent, 0)),
      ('overdraft', -a.overdraft_nano, coalesce(e.overdraft, 0)),
      ('external', -a.deposited_nano, coalesce(e.external, 0))) AS f(name, figure, entries)
    WHERE a.organization_id = $1 AND f.figure <> f.entries`,
  'reserved is what open leases hold': `
    SELECT 'project ' || a.project_id AS subject, coalesce(l.held, 0)::text AS expected, a.reserved_nano::text AS found
    FROM accounts a LEFT JOIN (
      SELECT project_id, sum(amount_nano - used_nano) AS held FROM leases
      WHERE organization_id = $1 AND state IN ('PENDING', 'EXPIRED_HOLD') GROUP BY project_id
    ) l ON l.project_id = a.project_id
    WHERE a.organization_id = $1 AND a.reserved_nano <> coalesce(l.held, 0)`,
  'spent is what was settled and charged': `
    SELECT 'project ' || a.project_id AS subject, (coalesce(s.total, 0) + coalesce(c.total, 0) + coalesce(l.charged, 0))::text AS expected, a.settled_nano::text AS found
    FROM accounts a
    LEFT JOIN (SELECT project_id, sum(amount_nano) AS total FROM settlements WHERE organization_id = $1 GROUP BY project_id) s ON s.project_id = a.project_id
    LEFT JOIN (
      SELECT scope_id, sum(amount_nano) AS total FROM carried_settlements WHERE organization_id = $1 AND scope = 'project' GROUP BY scope_id
    ) c ON c.scope_id = a.project_id
    LEFT JOIN (SELECT project_id, sum(charged_nano) AS charged FROM leases WHERE organization_id = $1 GROUP BY project_id) l ON l.project_id = a.project_id
    WHERE a.organization_id = $1 AND a.settled_nano <> coalesce(s.total, 0) + coalesce(c.total, 0) + coalesce(l.charged, 0)`,
  'used and late are the settlements of the lease': `
    SELECT 'lease ' || l.id AS subject, coalesce(s.total, 0)::text AS expected, (l.used_nano + l.late_nano)::text AS found
    FROM leases l LEFT JOIN (SELECT lease_id, sum(amount_nano) AS total FROM settlements WHERE organization_id = $1 GROUP BY lease_id) s ON s.lease_id = l.id
    WHERE l.organization_id = $1 AND l.id >= ${FIRST_LEASE} AND l.used_nano + l.late_nano <> coalesce(s.total, 0)`,
  'settlements are the usage that they report': `
    SELECT 'lease ' || s.lease_id || ' report ' || s.seq AS subject, coalesce(u.total, 0)::text AS expected, s.amount_nano::text AS found
    FROM settlements s LEFT JOIN (
      SELECT lease_id, seq, sum(cost_nano) AS total FROM usage_records WHERE organization_id = $1 GROUP BY lease_id, seq
    ) u ON u.lease_id = s.lease_id AND u.seq = s.seq
    WHERE s.organization_id = $1 AND s.settled_at >= ${SINCE} AND s.amount_nano <> coalesce(u.total, 0)`,
  'one grant and one end per lease': `
    SELECT 'lease ' || l.id AS subject, '1 grant of ' || l.amount_nano || ', at most 1 end' AS expected,
      coalesce(e.grants, 0) || ' grants of ' || coalesce(e.granted, 0) || ', ' || coalesce(e.ends, 0) || ' ends' AS found
    FROM leases l LEFT JOIN (
      SELECT lease_id, count(*) FILTER (WHERE kind = 'GRANT') AS grants, sum(reserved_nano) FILTER (WHERE kind = 'GRANT') AS granted,
        count(*) FILTER (WHERE kind IN ('RETURN', 'CHARGE')) AS ends
      FROM ledger_entries WHERE organization_id = $1 AND lease_id IS NOT NULL GROUP BY lease_id
    ) e ON e.lease_id = l.id
    WHERE l.organization_id = $1 AND l.granted_at >= ${SINCE} AND (coalesce(e.grants, 0) <> 1 OR coalesce(e.granted, 0) <> l.amount_nano OR coalesce(e.ends, 0) > 1)`,
  'budget windows hold what their leases hold': `
    SELECT 'budget ' || w.budget_id || ' from ' || w.start AS subject, coalesce(l.held, 0)::text AS expected, w.reserved_nano::text AS found
    FROM budget_windows w LEFT JOIN (
      SELECT x."budgetId" AS budget_id, x.start, sum(amount_nano - used_nano) AS held
      FROM leases CROSS JOIN LATERAL jsonb_to_recordset(scopes) AS x("budgetId" uuid, start date)
      WHERE organization_id = $1 AND state IN ('PENDING', 'EXPIRED_HOLD') GROUP BY 1, 2
    ) l ON l.budget_id = w.budget_id AND l.start = w.start
    WHERE w.organization_id = $1 AND w.reserved_nano <> coalesce(l.held, 0)`,
  'budget windows spent what was counted against them': `
    SELECT 'budget ' || w.budget_id || ' from ' || w.start AS subject, (coalesce(s.total, 0) + coalesce(c.total, 0) + coalesce(l.charged, 0))::text AS expected, w.settled_nano::text AS found
    FROM budget_windows w
    LEFT JOIN (
      SELECT x."budgetId" AS budget_id, x.start, sum(x.amount) AS total
      FROM settlements CROSS JOIN LATERAL jsonb_to_recordset(budgets) AS x("budgetId" uuid, start date, amount bigint)
      WHERE organization_id = $1 GROUP BY 1, 2
    ) s ON s.budget_id = w.budget_id AND s.start = w.start
    LEFT JOIN (
      SELECT scope_id, start, amount_nano AS total FROM carried_settlements WHERE organization_id = $1 AND scope = 'budget'
    ) c ON c.scope_id = w.budget_id AND c.start = w.start
    LEFT JOIN (
      SELECT x."budgetId" AS budget_id, x.start, sum(charged_nano) AS charged
      FROM leases CROSS JOIN LATERAL jsonb_to_recordset(scopes) AS x("budgetId" uuid, start date)
      WHERE organization_id = $1 AND charged_nano > 0 GROUP BY 1, 2
    ) l ON l.budget_id = w.budget_id AND l.start = w.start
    WHERE w.organization_id = $1 AND w.settled_nano <> coalesce(s.total, 0) + coalesce(c.total, 0) + coalesce(l.charged, 0)`,
  'usage lines are numbered without gaps': `
    SELECT 'project ' || a.project_id AS subject, a.usage_count::text AS expected,
      coalesce(u.lines, 0) + coalesce(c.lines, 0) || ', the last is ' || coalesce(u.last, 0) AS found
    FROM accounts a
    LEFT JOIN (
      SELECT project_id, count(*) AS lines, max(number) AS last FROM usage_records WHERE organization_id = $1 GROUP BY project_id
    ) u ON u.project_id = a.project_id
    LEFT JOIN (
      SELECT project_id, sum(lines) AS lines FROM carried_usage WHERE organization_id = $1 GROUP BY project_id
    ) c ON c.project_id = a.project_id
    WHERE a.organization_id = $1 AND (a.usage_count <> coalesce(u.lines, 0) + coalesce(c.lines, 0) OR a.usage_count < coalesce(u.last, 0))`,
  'usage by minute is its lines': `
    SELECT 'project ' || coalesce(r.project_id, u.project_id) || ' minute ' || coalesce(r.start, u.start) || ' key ' || coalesce(r.key_id, u.key_id)
        || ' model ' || coalesce(r.provider, u.provider) || '/' || coalesce(r.model, u.model) AS subject,
      coalesce(u.figures, 'nothing') AS expected, coalesce(r.figures, 'nothing') AS found
    FROM (
      SELECT start, project_id, key_id, provider, model, concat_ws(' ', calls, input_tokens, output_tokens, cost_nano) AS figures
      FROM usage_rollups WHERE organization_id = $1 AND bucket = 'minute' AND start >= ${SINCE}
    ) r FULL JOIN (
      SELECT date_trunc('minute', l.at, 'UTC') AS start, l.project_id, l.key_id, l.provider, l.model,
        concat_ws(' ', count(*), sum(l.input_tokens), sum(l.output_tokens), sum(l.cost_nano)) AS figures
      FROM usage_records l JOIN usage_rollup_progress p ON p.organization_id = l.organization_id AND p.project_id = l.project_id
      WHERE l.organization_id = $1 AND l.at >= ${SINCE} AND l.number <= p.number
      GROUP BY 1, 2, 3, 4, 5
    ) u ON u.start = r.start AND u.project_id = r.project_id AND u.key_id = r.key_id AND u.provider = r.provider AND u.model = r.model
    WHERE r.figures IS DISTINCT FROM u.figures`,
  'usage by hour and day is its minutes': `
    SELECT coalesce(r.bucket, m.bucket) || ' ' || coalesce(r.start, m.start) || ' project ' || coalesce(r.project_id, m.project_id) || ' key '
        || coalesce(r.key_id, m.key_id) || ' model ' || coalesce(r.provider, m.provider) || '/' || coalesce(r.model, m.model) AS subject,
      coalesce(m.figures, 'nothing') AS expected, coalesce(r.figures, 'nothing') AS found
    FROM (
      SELECT bucket, start, project_id, key_id, provider, model, concat_ws(' ', calls, input_tokens, output_tokens, cost_nano) AS figures
      FROM usage_rollups WHERE organization_id = $1 AND bucket <> 'minute' AND start >= ${SINCE}
    ) r FULL JOIN (
      SELECT b.bucket, date_trunc(b.bucket, s.start, 'UTC') AS start, s.project_id, s.key_id, s.provider, s.model,
        concat_ws(' ', sum(s.calls), sum(s.input_tokens), sum(s.output_tokens), sum(s.cost_nano)) AS figures
      FROM usage_rollups s CROSS JOIN (VALUES ('hour'), ('day')) AS b(bucket)
      WHERE s.organization_id = $1 AND s.bucket = 'minute' AND s.start >= ${SINCE}
      GROUP BY 1, 2, 3, 4, 5, 6
    ) m ON m.bucket = r.bucket AND m.start = r.start AND m.project_id = r.project_id AND m.key_id = r.key_id AND m.provider = r.provider AND m.model = r.model
    WHERE r.figures IS DISTINCT FROM m.figures`,
  'reports are numbered without gaps': `
    SELECT 'lease ' || l.id AS subject, l.last_seq::text AS expected, coalesce(s.reports, 0)::text AS found
    FROM leases l LEFT JOIN (SELECT lease_id, count(*) AS reports FROM settlements WHERE organization_id = $1 GROUP BY lease_id) s ON s.lease_id = l.id
    WHERE l.organization_id = $1 AND l.id >= ${FIRST_LEASE} AND l.last_seq <> coalesce(s.reports, 0)`,
  'every transfer is audited once': `
    SELECT 'transfer ' || t.request_id AS subject, '1' AS expected, count(e.id)::text AS found
    FROM transfers t LEFT JOIN audit_events e ON e.organization_id = $1 AND e.action LIKE 'money.%'
      AND e.details->>'requestId' = t.request_id::text
    WHERE t.organization_id = $1 GROUP BY t.request_id HAVING count(e.id) <> 1`,
  // By the lease's own times: a change of the project's grace time does not reach back to holds that began before it.
  'open leases end in time': `
    SELECT 'lease ' || id AS subject, 'ended' AS expected, state || ' since ' || expires_at AS found
    FROM leases
    WHERE organization_id = $1 AND ((state = 'PENDING' AND expires_at < clock_timestamp() - interval '1 minute')
      OR (state = 'EXPIRED_HOLD' AND coalesce(hold_until, expires_at) < clock_timestamp() - interval '1 minute'))`,
};
