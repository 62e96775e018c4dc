/**
 * Sums over the usage of one organization; `$2` narrows to a project. Days are UTC.
 *
 * Every statement reads the sums that are made, and the few lines that are not in them yet (`tail`): one statement is one snapshot, so
 * that nothing is counted twice or not at all.
 */
const TAIL = `
  behind AS (
    SELECT a.project_id, coalesce(p.number, 0) AS number
    FROM accounts a LEFT JOIN usage_rollup_progress p ON p.organization_id = a.organization_id AND p.project_id = a.project_id
    WHERE a.organization_id = $1 AND ($2::uuid IS NULL OR a.project_id = $2) AND a.usage_count > coalesce(p.number, 0)
  ), tail AS (
    SELECT l.at, b.project_id, l.key_id, l.provider, l.model, l.input_tokens, l.output_tokens, l.cost_nano
    FROM behind b CROSS JOIN LATERAL (
      SELECT u.at, u.key_id, u.provider, u.model, u.input_tokens, u.output_tokens, u.cost_nano FROM usage_records u
      WHERE u.organization_id = $1 AND u.project_id = b.project_id AND u.number > b.number OFFSET 0) l
  )`;
const SUMS = `
  SELECT start, project_id, key_id, provider, model, calls, input_tokens, output_tokens, cost_nano FROM usage_rollups
  WHERE organization_id = $1 AND ($2::uuid IS NULL OR project_id = $2)`;
const OF_TAIL = `project_id, key_id, provider, model, 1::bigint AS calls, input_tokens, output_tokens, cost_nano FROM tail`;

/** A sum of many projects may be more than an int64; a figure that is off the scale is shown as the end of it. */
const MOST = '9000000000000000000';
const SUM = `least(sum(cost_nano), ${MOST})::bigint`;

const TODAY = `date_trunc('day', now(), 'UTC')`;
const MONTH = `date_trunc('month', now(), 'UTC')`;
const RECENT = `least(${MONTH}, ${TODAY} - interval '1 day')`;

export const TOTALS = `
  WITH ${TAIL}, days AS (
    (${SUMS} AND bucket = 'day' AND start >= ${RECENT})
    UNION ALL (SELECT date_trunc('day', at, 'UTC') AS start, ${OF_TAIL} WHERE at >= ${RECENT})
  )
  SELECT
    least(coalesce(sum(cost_nano) FILTER (WHERE start >= ${TODAY}), 0), ${MOST})::bigint AS today,
    least(coalesce(sum(cost_nano) FILTER (WHERE start >= ${TODAY} - interval '1 day' AND start < ${TODAY}), 0), ${MOST})::bigint AS yesterday,
    least(coalesce(sum(cost_nano) FILTER (WHERE start >= ${MONTH}), 0), ${MOST})::bigint AS month
  FROM days`;

const SINCE = `${TODAY} - make_interval(days => $3::int - 1)`;
const DAYS = `
  WITH ${TAIL}, days AS (
    (${SUMS} AND bucket = 'day' AND start >= ${SINCE})
    UNION ALL (SELECT date_trunc('day', at, 'UTC') AS start, ${OF_TAIL} WHERE at >= ${SINCE})
  )`;

export const BY_MODEL = `
  ${DAYS}
  SELECT provider, model, ${SUM} AS cost, sum(calls)::int AS calls,
    sum(input_tokens)::float8 AS "inputTokens", sum(output_tokens)::float8 AS "outputTokens"
  FROM days
  GROUP BY provider, model ORDER BY cost DESC, model LIMIT 200`;

export const BY_PROJECT = `
  ${DAYS}
  SELECT u.project_id AS "projectId", p.name AS "projectName", u.cost, u.calls
  FROM (SELECT project_id, ${SUM} AS cost, sum(calls)::int AS calls FROM days GROUP BY project_id) u
  JOIN projects p ON p.organization_id = $1 AND p.id = u.project_id
  ORDER BY u.cost DESC, p.name LIMIT 200`;

export const BY_DAY = `
  ${DAYS}
  SELECT to_char(start AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, model, ${SUM} AS cost
  FROM days
  GROUP BY 1, model ORDER BY 1, model LIMIT 5000`;

const HALF_HOUR = `date_trunc('minute', now()) - interval '29 minutes'`;

export const PER_MINUTE = `
  WITH ${TAIL}, minutes AS (
    (${SUMS} AND bucket = 'minute' AND start >= ${HALF_HOUR})
    UNION ALL (SELECT date_trunc('minute', at) AS start, ${OF_TAIL} WHERE at >= ${HALF_HOUR})
  )
  SELECT m.minute, coalesce(u.cost, 0)::bigint AS cost, coalesce(u.calls, 0) AS calls
  FROM generate_series(${HALF_HOUR}, date_trunc('minute', now()), interval '1 minute') AS m(minute)
  LEFT JOIN (SELECT start, ${SUM} AS cost, sum(calls)::int AS calls FROM minutes GROUP BY 1) u ON u.start = m.minute
  ORDER BY m.minute`;

/** `$3` is the bucket, `$4` and `$5` the range, `$6` what it is divided by, `$7` how many rows at most. */
export const BY_TIME = `
  WITH ${TAIL}, buckets AS (
    (${SUMS} AND bucket = $3 AND start >= $4 AND start < $5)
    UNION ALL (SELECT date_trunc($3, at, 'UTC') AS start, ${OF_TAIL} WHERE at >= $4 AND at < $5)
  ), divided AS (
    SELECT start, calls, input_tokens, output_tokens, cost_nano,
      CASE WHEN $6 = 'project' THEN project_id END AS project_id, CASE WHEN $6 = 'key' THEN key_id END AS key_id,
      CASE WHEN $6 = 'model' THEN provider END AS provider, CASE WHEN $6 = 'model' THEN model END AS model
    FROM buckets
  )
  SELECT start, project_id AS "projectId", key_id AS "keyId", provider, model, ${SUM} AS cost, sum(calls)::float8 AS calls,
    sum(input_tokens)::float8 AS "inputTokens", sum(output_tokens)::float8 AS "outputTokens"
  FROM divided
  GROUP BY start, project_id, key_id, provider, model
  ORDER BY start, project_id, key_id, provider, model
  LIMIT $7`;
