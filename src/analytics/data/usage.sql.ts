/** Sums over the usage records of one organization; `$2` narrows to a project. Days are UTC. */
const SCOPE = `organization_id = $1 AND ($2::uuid IS NULL OR project_id = $2)`;

/** A sum of many projects may be more than an int64; a figure that is off the scale is shown as the end of it. */
const MOST = '9000000000000000000';
const SUM = `least(sum(cost_nano), ${MOST})::bigint`;

export const TOTALS = `
  SELECT
    least(coalesce(sum(cost_nano) FILTER (WHERE at >= date_trunc('day', now(), 'UTC')), 0), ${MOST})::bigint AS today,
    least(coalesce(sum(cost_nano) FILTER (WHERE at >= date_trunc('day', now(), 'UTC') - interval '1 day' AND at < date_trunc('day', now(), 'UTC')), 0), ${MOST})::bigint AS yesterday,
    least(coalesce(sum(cost_nano) FILTER (WHERE at >= date_trunc('month', now(), 'UTC')), 0), ${MOST})::bigint AS month
  FROM usage_records
  WHERE ${SCOPE} AND at >= least(date_trunc('month', now(), 'UTC'), date_trunc('day', now(), 'UTC') - interval '1 day')`;

const SINCE = `${SCOPE} AND at >= date_trunc('day', now(), 'UTC') - make_interval(days => $3::int - 1)`;

export const BY_MODEL = `
  SELECT provider, model, ${SUM} AS cost, count(*)::int AS calls,
    sum(input_tokens)::float8 AS "inputTokens", sum(output_tokens)::float8 AS "outputTokens"
  FROM usage_records WHERE ${SINCE}
  GROUP BY provider, model ORDER BY cost DESC, model LIMIT 200`;

export const BY_PROJECT = `
  SELECT u.project_id AS "projectId", p.name AS "projectName", u.cost, u.calls
  FROM (
    SELECT project_id, ${SUM} AS cost, count(*)::int AS calls FROM usage_records WHERE ${SINCE} GROUP BY project_id
  ) u JOIN projects p ON p.organization_id = $1 AND p.id = u.project_id
  ORDER BY u.cost DESC, p.name LIMIT 200`;

export const BY_DAY = `
  SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, model, ${SUM} AS cost
  FROM usage_records WHERE ${SINCE}
  GROUP BY 1, model ORDER BY 1, model LIMIT 5000`;

export const PER_MINUTE = `
  SELECT m.minute, coalesce(u.cost, 0)::bigint AS cost, coalesce(u.calls, 0) AS calls
  FROM generate_series(date_trunc('minute', now()) - interval '29 minutes', date_trunc('minute', now()), interval '1 minute') AS m(minute)
  LEFT JOIN (
    SELECT date_trunc('minute', at) AS minute, ${SUM} AS cost, count(*)::int AS calls
    FROM usage_records WHERE ${SCOPE} AND at >= date_trunc('minute', now()) - interval '29 minutes' GROUP BY 1
  ) u ON u.minute = m.minute
  ORDER BY m.minute`;
