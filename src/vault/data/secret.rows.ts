import type { AnswerOf } from '../../kernel/route.js';
import type { Tx, UnitOfWork } from '../../platform/database/index.js';
import type { createSecret } from '../vault.contract.js';

export type SecretView = AnswerOf<typeof createSecret>;

interface Row {
  id: string;
  name: string;
  provider: string;
  project_id: string | null;
  hosts: string[];
  hints: { name: string; last4: string }[];
  version: number;
  created_at: Date;
  updated_at: Date;
}

const SELECT = `
  SELECT s.id, s.name, s.provider, s.project_id, s.hosts, v.hints, s.current_version AS version, s.created_at, s.updated_at
  FROM provider_secrets s
  JOIN provider_secret_versions v ON v.organization_id = s.organization_id AND v.secret_id = s.id AND v.version = s.current_version
  WHERE s.organization_id = $1`;

function view({
  project_id: projectId,
  hints: fields,
  created_at: createdAt,
  updated_at: updatedAt,
  ...row
}: Row): SecretView {
  return { ...row, projectId, fields, createdAt, updatedAt };
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
