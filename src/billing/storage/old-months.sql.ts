/** One opening entry per project, with the sums of what it replaces: the entries still add up to the account, by their own rule. */
export const CARRY_ENTRIES = `
  INSERT INTO ledger_entries (organization_id, project_id, id, kind, external_nano, available_nano, reserved_nano, spent_nano, overdraft_nano,
    actor, reason, at)
  SELECT organization_id, project_id, gen_random_uuid(), 'CARRIED', sum(external_nano), sum(available_nano), sum(reserved_nano), sum(spent_nano),
    sum(overdraft_nano), 'system', 'Sum of all entries before', ($2::date)::timestamp AT TIME ZONE 'UTC'
  FROM ledger_entries
  WHERE at >= ($1::date)::timestamp AT TIME ZONE 'UTC' AND at < ($2::date)::timestamp AT TIME ZONE 'UTC'
  GROUP BY organization_id, project_id`;

export const CARRY_PROJECTS = `
  INSERT INTO carried_settlements (organization_id, scope, scope_id, start, amount_nano)
  SELECT organization_id, 'project', project_id, $1::date, sum(amount_nano)
  FROM settlements WHERE lease_id >= $2::uuid AND lease_id < $3::uuid
  GROUP BY organization_id, project_id`;

/** A window may reach over many months. */
export const CARRY_BUDGETS = `
  INSERT INTO carried_settlements AS c (organization_id, scope, scope_id, start, amount_nano)
  SELECT organization_id, 'budget', x."budgetId", x.start, sum(x.amount)
  FROM settlements CROSS JOIN LATERAL jsonb_to_recordset(budgets) AS x("budgetId" uuid, start date, amount bigint)
  WHERE lease_id >= $1::uuid AND lease_id < $2::uuid
  GROUP BY 1, 3, 4
  ON CONFLICT (organization_id, scope, scope_id, start) DO UPDATE SET amount_nano = c.amount_nano + excluded.amount_nano`;

/** How many lines went: where a clock was set back over the end of a month, those that stay are not the last ones. */
export const CARRY_USAGE = `
  INSERT INTO carried_usage (organization_id, project_id, month, lines)
  SELECT organization_id, project_id, $1::date, count(*) FROM usage_records
  WHERE at >= ($1::date)::timestamp AT TIME ZONE 'UTC' AND at < ($2::date)::timestamp AT TIME ZONE 'UTC'
  GROUP BY organization_id, project_id`;

/** Minutes are as fine as lines; hours and days stay. */
export const DROP_MINUTES = `DELETE FROM usage_rollups WHERE bucket = 'minute' AND start < ($1::date)::timestamp AT TIME ZONE 'UTC'`;

export const RECORD_DROP = `INSERT INTO dropped_months (month, first_lease, actor) VALUES ($1, $2, $3)`;

/** What would be lost with the month although it is still needed. */
export const OBSTACLES = `
  SELECT
    (SELECT count(*)::int FROM leases WHERE state IN ('PENDING', 'EXPIRED_HOLD')
      AND (granted_at < ($1::date)::timestamp AT TIME ZONE 'UTC' OR id < $2::uuid)) AS open,
    (SELECT count(*)::int FROM organizations o LEFT JOIN ledger_audits a ON a.organization_id = o.id
      WHERE a.findings IS DISTINCT FROM 0 OR a.checked_at < clock_timestamp() - interval '1 day') AS unchecked,
    (SELECT count(*)::int FROM usage_records u LEFT JOIN usage_rollup_progress p ON p.organization_id = u.organization_id AND p.project_id = u.project_id
      WHERE u.at < ($1::date)::timestamp AT TIME ZONE 'UTC' AND u.number > coalesce(p.number, 0)) AS unsummed`;

export const DROPPED = `SELECT to_char(max(month) + interval '1 month', 'YYYY-MM') AS before, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-01') AS today FROM dropped_months`;
