import type { AnswerOf } from '../../kernel/route.js';
import type { Tx, UnitOfWork } from '../../platform/database/index.js';
import type { FieldHint } from '../domain/secret-values.js';
import type { createSecret } from '../secrets.contract.js';

export type SecretView = AnswerOf<typeof createSecret>;

interface Row extends Omit<SecretView, 'header' | 'fields' | 'problem'> {
  readonly header_name: string | null;
  readonly header_value: string | null;
  readonly hints: FieldHint[];
  readonly problem_code: string | null;
  readonly problem_since: Date | null;
}

const SELECT = `
  SELECT s.id, s.name, s.provider, s.project_id AS "projectId", s.hosts, s.paths, s.header_name, s.header_value, s.metered,
         s.environment, s.problem_code, s.problem_since, coalesce(v.hints, '[]') AS hints, s.current_version AS version, s.created_at AS "createdAt", s.updated_at AS "updatedAt"
  FROM provider_secrets s
  LEFT JOIN provider_secret_versions v ON v.organization_id = s.organization_id AND v.secret_id = s.id AND v.version = s.current_version
  WHERE s.organization_id = $1`;

function view(row: Row): SecretView {
  const { header_name: name, header_value: value, hints: fields, ...others } = row;
  const { problem_code: code, problem_since: since, ...terms } = others;
  return {
    ...terms,
    fields,
    header: name === null || value === null ? null : { name, value },
    problem: code === null || since === null ? null : { code, since },
  };
}

/** A project gets its own secrets and those of the whole organization. */
export async function listSecretRows(
  database: UnitOfWork,
  organizationId: string,
  projectId: string | undefined,
): Promise<SecretView[]> {
  const rows = await database.read<Row>(
    organizationId,
    `${SELECT} AND ($2::uuid IS NULL OR s.project_id IS NULL OR s.project_id = $2) ORDER BY s.provider, lower(s.name), s.id LIMIT 1000`,
    [organizationId, projectId ?? null],
  );
  return rows.map(view);
}

export async function secretRow(
  tx: Tx,
  organizationId: string,
  secretId: string,
): Promise<SecretView | undefined> {
  const [row] = await tx.query<Row>(`${SELECT} AND s.id = $2`, [organizationId, secretId]);
  return row && view(row);
}
