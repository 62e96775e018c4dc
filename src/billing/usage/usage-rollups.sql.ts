/** Projects with usage that is not summed up yet. */
export const BEHIND = `
  SELECT a.organization_id AS "organizationId", a.project_id AS "projectId"
  FROM accounts a LEFT JOIN usage_rollup_progress p ON p.organization_id = a.organization_id AND p.project_id = a.project_id
  WHERE a.usage_count > coalesce(p.number, 0)
  LIMIT $1`;

export const BEGIN_PROGRESS = `
  INSERT INTO usage_rollup_progress (organization_id, project_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`;

/** Who is at it already goes on with it. */
export const TAKE_PROGRESS = `
  SELECT number FROM usage_rollup_progress WHERE organization_id = $1 AND project_id = $2 FOR UPDATE SKIP LOCKED`;

/** All three buckets and the progress in one statement: a line is in all of them, once, or in none. */
export const ROLL_UP = `
  WITH fresh AS MATERIALIZED (
    SELECT number, at, key_id, provider, model, input_tokens, output_tokens, cost_nano
    FROM usage_records WHERE organization_id = $1 AND project_id = $2 AND number > $3 ORDER BY number LIMIT $4
  ), summed AS (
    INSERT INTO usage_rollups AS r (organization_id, bucket, start, project_id, key_id, provider, model, calls, input_tokens, output_tokens, cost_nano)
    SELECT $1, b.bucket, date_trunc(b.bucket, at, 'UTC'), $2, key_id, provider, model, count(*), sum(input_tokens), sum(output_tokens), sum(cost_nano)
    FROM fresh CROSS JOIN (VALUES ('minute'), ('hour'), ('day')) AS b(bucket)
    GROUP BY 2, 3, 5, 6, 7
    ON CONFLICT (organization_id, bucket, start, project_id, key_id, provider, model) DO UPDATE
    SET calls = r.calls + excluded.calls, input_tokens = r.input_tokens + excluded.input_tokens,
      output_tokens = r.output_tokens + excluded.output_tokens, cost_nano = r.cost_nano + excluded.cost_nano
  )
  UPDATE usage_rollup_progress SET number = (SELECT max(number) FROM fresh)
  WHERE organization_id = $1 AND project_id = $2 AND EXISTS (SELECT FROM fresh)
  RETURNING (SELECT count(*)::int FROM fresh) AS lines`;
