/**
 * The statements of the lease path. Each names the organization first, so that each runs on one shard; none needs a session's state, a
 * trigger, an advisory lock or a function of the database's own, so that they run through a pooler in transaction mode.
 */
export const LOCK_ACCOUNTS = `
  SELECT project_id, deposited_nano, overdraft_nano, reserved_nano, settled_nano, alerted_spent, alerted_committed,
    minute_start, this_minute_nano, last_minute_nano, usage_count
  FROM accounts
  WHERE organization_id = $1 AND project_id = ANY($2::uuid[])
  ORDER BY project_id
  FOR UPDATE`;

// One round trip. Amounts travel as text: JSON numbers would lose digits above 2⁵³. What is looked up for each row is a sub-select of one
// row: as a join it may become a walk over all keys of the organization, when the plan was made while there were few.
export const READ_FACTS = `
  SELECT json_build_object(
    'now_ms', (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    'time_zone', o.time_zone,
    'month_starts_on', o.month_starts_on,
    'projects', coalesce((
      SELECT json_agg(json_build_object('id', p.id, 'name', p.name, 'state', p.state, 'pause_reason', p.pause_reason,
        'tranche', p.tranche_nano::text, 'ttl', p.lease_ttl_seconds, 'grace', p.grace_seconds, 'expiry', p.expiry_policy,
        'max_open', p.max_open_leases, 'mode', p.mode, 'velocity', p.velocity_nano::text,
        'on_velocity', coalesce((SELECT v.velocity FROM anomaly_policies v WHERE v.organization_id = $1 AND v.project_id = p.id), 'alert'),
        'sessions', (
          SELECT count(*) FROM sessions a
          WHERE a.organization_id = $1 AND a.project_id = p.id AND a.ended_at IS NULL AND a.last_seen_at > clock_timestamp() - interval '1 minute')))
      FROM projects p WHERE p.organization_id = $1 AND p.id = ANY($2::uuid[])), '[]'),
    'sessions', coalesce((
      SELECT json_agg(json_build_object('id', s.id, 'projectId', s.project_id, 'keyId', s.key_id, 'ended', s.ended_at IS NOT NULL, 'killed', s.killed_by IS NOT NULL, 'barredBy', s.barred_by,
        'keyRevoked', k.revoked_at IS NOT NULL OR k.blocked_at IS NOT NULL OR k.expires_at <= clock_timestamp(),
        'memberId', CASE WHEN k.created_by LIKE 'user:%' THEN substr(k.created_by, 6) END))
      FROM sessions s CROSS JOIN LATERAL (
        SELECT revoked_at, blocked_at, expires_at, created_by FROM iron_cage_keys
        WHERE organization_id = $1 AND id = s.key_id LIMIT 1) k
      WHERE s.organization_id = $1 AND s.id = ANY($3::uuid[])), '[]'),
    'budgets', coalesce((
      SELECT json_agg(json_build_object('id', b.id, 'scope', b.scope, 'scopeId', b.scope_id, 'window', b.window_kind, 'models', b.models, 'tags', b.tags,
        'scopeName', CASE b.scope
          WHEN 'organization' THEN o.name
          WHEN 'project' THEN (SELECT p.name FROM projects p WHERE p.organization_id = $1 AND p.id::text = b.scope_id)
          WHEN 'key' THEN (SELECT k.name FROM iron_cage_keys k WHERE k.organization_id = $1 AND k.id = b.scope_id)
          ELSE coalesce((SELECT u.name FROM users u WHERE u.id::text = b.scope_id), b.scope_id) END,
        'limit', (b.limit_nano + coalesce((
          SELECT sum(r.amount_nano) FROM budget_raises r
          WHERE r.organization_id = $1 AND r.budget_id = b.id AND r.starts_at <= clock_timestamp() AND r.ends_at > clock_timestamp()), 0))::text))
      FROM budgets b
      WHERE b.organization_id = $1 AND b.archived_at IS NULL AND cardinality($6::text[]) > 0 AND (
        b.scope = 'organization'
        OR (b.scope = 'project' AND b.scope_id = ANY($2::uuid[]::text[]))
        OR (b.scope = 'key' AND b.scope_id = ANY($6::text[]))
        OR (b.scope = 'member' AND 'user:' || b.scope_id IN (SELECT k.created_by FROM iron_cage_keys k WHERE k.organization_id = $1 AND k.id = ANY($6::text[]))))), '[]'),
    'leases', coalesce((
      SELECT json_agg(json_build_object('id', id, 'project_id', project_id, 'session_id', session_id, 'key_id', key_id, 'state', state,
        'amount', amount_nano::text, 'used', used_nano::text, 'late', late_nano::text, 'charged', charged_nano::text, 'last_seq', last_seq,
        'ttl', ttl_seconds, 'scopes', scopes, 'reset_ms', extract(epoch FROM next_reset_at) * 1000, 'request_hash', encode(request_hash, 'hex'),
        'granted_ms', extract(epoch FROM granted_at) * 1000, 'expires_ms', extract(epoch FROM expires_at) * 1000,
        'hold_ms', extract(epoch FROM hold_until) * 1000, 'ended_ms', extract(epoch FROM ended_at) * 1000))
      FROM leases WHERE organization_id = $1 AND id = ANY($4::uuid[])), '[]'),
    'refusals', coalesce((
      SELECT json_agg(json_build_object('lease_id', lease_id, 'session_id', session_id, 'request_hash', encode(request_hash, 'hex'), 'refusal', refusal))
      FROM lease_refusals WHERE organization_id = $1 AND lease_id = ANY($4::uuid[])), '[]'),
    'transfers', coalesce((
      SELECT json_agg(json_build_object('request_id', request_id, 'request_hash', encode(request_hash, 'hex'), 'answer', answer))
      FROM transfers WHERE organization_id = $1 AND request_id = ANY($5::uuid[])), '[]'),
    'open', coalesce((
      SELECT json_agg(json_build_object('project_id', project_id, 'key_id', key_id, 'count', count)) FROM (
        SELECT project_id, key_id, count(*)::int AS count FROM leases
        WHERE organization_id = $1 AND project_id = ANY($2::uuid[]) AND key_id = ANY($6::text[]) AND state IN ('PENDING', 'EXPIRED_HOLD')
        GROUP BY project_id, key_id) held), '[]')
  ) AS facts
  FROM organizations o WHERE o.id = $1`;

/** Reports that come again, one lookup each: a lease may have a great many. */
export const READ_REPORTS = `
  SELECT s.lease_id, s.seq, s.request_hash, s.answer
  FROM unnest($2::uuid[], $3::int[]) AS asked (lease, number) CROSS JOIN LATERAL (
    SELECT lease_id, seq, request_hash, answer FROM settlements
    WHERE organization_id = $1 AND lease_id = asked.lease AND seq = asked.number LIMIT 1) s`;

/**
 * So many refusals of a session are remembered in a minute, for a request that comes again. Who asks more often than that gets each answer
 * anew, and fills no disk.
 */
const REFUSALS_PER_MINUTE = 60;

/** A window exists from its first use on. */
export const OPEN_WINDOWS = `
  INSERT INTO budget_windows (organization_id, budget_id, start)
  SELECT $1, x.budget_id, x.start FROM unnest($2::uuid[], $3::date[]) AS x(budget_id, start)
  ON CONFLICT DO NOTHING`;

export const LOCK_WINDOWS = `
  SELECT w.budget_id, w.start::text AS start, w.reserved_nano, w.settled_nano, w.alerted_spent, w.alerted_committed
  FROM budget_windows w
  WHERE w.organization_id = $1 AND (w.budget_id, w.start) IN (SELECT * FROM unnest($2::uuid[], $3::date[]))
  ORDER BY w.budget_id, w.start
  FOR UPDATE`;

/**
 * Each is one table; a batch writes those that it has rows for, all in one statement. `?` stands for the rows, `x` with the columns of
 * working-set.columns.ts; `?.id` for one column of them as an array, which makes an update go by its key whatever the statistics say.
 */
export const WRITE_PARTS = {
  newLeases: `
    INSERT INTO leases (organization_id, id, project_id, session_id, key_id, state, amount_nano, used_nano, late_nano, charged_nano, last_seq,
      ttl_seconds, next_reset_at, scopes, request_hash, granted_at, expires_at, hold_until, ended_at)
    SELECT $1, id, project_id, session_id, key_id, state, amount, used, late, charged, last_seq, ttl_seconds, next_reset_at, scopes,
      request_hash, granted_at, expires_at, hold_until, ended_at
    FROM ?`,
  changedLeases: `
    UPDATE leases l
    SET state = x.state, used_nano = x.used, late_nano = x.late, charged_nano = x.charged, last_seq = x.last_seq, hold_until = x.hold_until, ended_at = x.ended_at
    FROM ?
    WHERE l.organization_id = $1 AND l.id = x.id AND l.id = ANY(?.id)`,
  entries: `
    INSERT INTO ledger_entries (organization_id, project_id, id, kind, external_nano, available_nano, reserved_nano, spent_nano, overdraft_nano,
      lease_id, seq, actor, reason, at)
    SELECT $1, project_id, id, kind, external, available, reserved, spent, overdraft, lease_id, seq, actor, reason, $2
    FROM ?`,
  settlements: `
    INSERT INTO settlements (organization_id, lease_id, seq, project_id, request_hash, amount_nano, budgets, answer, settled_at)
    SELECT $1, lease_id, seq, project_id, request_hash, amount, budgets, answer, $2
    FROM ?`,
  usage: `
    INSERT INTO usage_records (organization_id, at, lease_id, seq, id, project_id, session_id, key_id, provider, model, outcome, estimated, tokens,
      input_tokens, output_tokens, cost_nano, client_cost_nano, prices_version, priced_by, pricing, tags, duration_ms, number)
    SELECT $1, $2, lease_id, seq, id, project_id, session_id, key_id, provider, model, outcome, estimated, tokens, input_tokens, output_tokens,
      cost, client_cost, prices_version, priced_by, pricing, tags::text[], duration_ms, number
    FROM ?`,
  refusals: `
    INSERT INTO lease_refusals (organization_id, lease_id, project_id, session_id, request_hash, refusal, refused_at)
    SELECT $1, lease_id, project_id, session_id, request_hash, refusal, $2
    FROM (SELECT *, row_number() OVER (PARTITION BY session_id) AS place FROM ?) each
    WHERE place + (SELECT count(*) FROM (
      SELECT 1 FROM lease_refusals r
      WHERE r.organization_id = $1 AND r.session_id = each.session_id AND r.refused_at > $2 - interval '1 minute'
      LIMIT ${REFUSALS_PER_MINUTE}) lately) <= ${REFUSALS_PER_MINUTE}`,
  transfers: `
    INSERT INTO transfers (organization_id, request_id, project_id, request_hash, answer, at)
    SELECT $1, request_id, project_id, request_hash, answer, $2
    FROM ?`,
  audit: `
    INSERT INTO audit_events (organization_id, id, at, actor, action, target, details)
    SELECT $1, id, $2, actor, action, target, details
    FROM ?`,
  events: `
    INSERT INTO outbox_events (organization_id, id, kind, payload, at, once_key)
    SELECT $1, id, kind, payload, $2, once_key FROM ?
    ON CONFLICT (organization_id, kind, once_key) DO NOTHING`,
  anomalies: `
    INSERT INTO anomalies (organization_id, id, project_id, key_id, kind, action, summary, evidence, times, first_at, last_at)
    SELECT $1, id, project_id, key_id, 'velocity', action, summary, evidence, times, $2, $2
    FROM ?
    ON CONFLICT (organization_id, key_id, kind) WHERE released_at IS NULL
    DO UPDATE SET times = anomalies.times + EXCLUDED.times, last_at = EXCLUDED.last_at, action = EXCLUDED.action`,
  pauses: `
    UPDATE projects p SET state = 'paused', pause_reason = x.reason
    FROM ?
    WHERE p.organization_id = $1 AND p.id = x.project_id AND p.state = 'active'`,
  blocks: `
    UPDATE iron_cage_keys k SET blocked_at = $2
    FROM ?
    WHERE k.organization_id = $1 AND k.id = x.key_id AND k.blocked_at IS NULL`,
  bars: `
    UPDATE sessions s SET barred_by = x.model
    FROM ?
    WHERE s.organization_id = $1 AND s.id = x.session_id`,
  epochs: `
    INSERT INTO access_epochs (organization_id, epoch, changed_at)
    SELECT $1, 1, changed_at FROM ?
    ON CONFLICT (organization_id) DO UPDATE SET epoch = access_epochs.epoch + 1, changed_at = EXCLUDED.changed_at`,
  windows: `
    UPDATE budget_windows w
    SET reserved_nano = x.reserved, settled_nano = x.settled, alerted_spent = x.alerted_spent, alerted_committed = x.alerted_committed
    FROM ?
    WHERE w.organization_id = $1 AND w.budget_id = x.budget_id AND w.start = x.start AND w.budget_id = ANY(?.budget_id)`,
  accounts: `
    UPDATE accounts a
    SET deposited_nano = x.deposited, overdraft_nano = x.overdraft, reserved_nano = x.reserved, settled_nano = x.settled,
      alerted_spent = x.alerted_spent, alerted_committed = x.alerted_committed, minute_start = x.minute_start,
      this_minute_nano = x.this_minute, last_minute_nano = x.last_minute, usage_count = x.usage_count
    FROM ?
    WHERE a.organization_id = $1 AND a.project_id = x.project_id AND a.project_id = ANY(?.project_id)`,
} as const;
