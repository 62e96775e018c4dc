/** A session gets no more secrets than this; storing one more for its project is refused. */
export const SESSION_SECRETS_MAX = 64;

/**
 * Which secrets a session gets, and of two that fill the same field the one that wins first: the project's own, then the one for just
 * this environment. The delivery and the revision must mean the same ones, or agents would fetch for ever.
 *
 * @param project,environment SQL expressions
 */
export function sessionSecrets(project: string, environment: string): string {
  return `(s.project_id IS NULL OR s.project_id = ${project}) AND s.environment IN ('any', ${environment})
    ORDER BY s.project_id IS NOT NULL DESC, s.environment <> 'any' DESC, s.id DESC LIMIT ${String(SESSION_SECRETS_MAX)}`;
}

/** The most secrets that a session of any project could get, of those projects that a secret for `$2` (null: all) and `$3` is for. */
export const MOST_OF_A_SESSION = `
  SELECT coalesce(max(x.n), 0)::int AS most FROM (
    SELECT count(*) AS n
      FROM unnest($3::text[]) AS e (name)
     CROSS JOIN (
       SELECT $2::uuid AS id
       UNION
       SELECT o.project_id FROM provider_secrets o
        WHERE o.organization_id = $1 AND o.project_id IS NOT NULL AND $2::uuid IS NULL) AS p
      JOIN provider_secrets s ON s.organization_id = $1
       AND (s.project_id IS NULL OR s.project_id = p.id) AND s.environment IN ('any', e.name)
     GROUP BY e.name, p.id) AS x`;
