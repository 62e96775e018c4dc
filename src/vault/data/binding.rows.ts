import { notFound } from '../../kernel/errors.js';
import type { Tx } from '../../platform/database/index.js';
import { bindingOf, type BoundTerms, refuseAltered } from '../domain/secret-binding.js';
import { unreadable } from '../domain/secret-values.js';
import type { DataKeys } from './data-keys.js';

/** For any statement whose row of `provider_secrets` is `s`. */
export const BOUND_COLUMNS = `
  s.organization_id AS "organizationId", s.id, s.project_id AS "projectId", s.name, s.provider, s.environment, s.hosts, s.paths,
  s.header_name AS "headerName", s.header_value AS "headerValue", s.metered, s.current_version AS "currentVersion", s.revision, s.binding,
  (SELECT coalesce(array_agg(l.version ORDER BY l.version), '{}') FROM provider_secret_versions l
    WHERE l.organization_id = s.organization_id AND l.secret_id = s.id AND l.destroyed_at IS NULL) AS "liveVersions"`;

export interface BoundRow extends BoundTerms {
  readonly binding: Buffer | null;
}

type Found = BoundRow & { readonly dataKeyId: string | null };

/**
 * The terms of a secret, held against every other change until the transaction ends.
 *
 * @throws {AppError} NOT_FOUND, SECRET_ALTERED; VAULT_SEALED and KEK_MISSING when the keys are not here
 */
export async function lockTerms(
  tx: Tx,
  dataKeys: DataKeys,
  organizationId: string,
  secretId: string,
): Promise<BoundTerms> {
  await tx.query(
    'SELECT 1 FROM provider_secrets WHERE organization_id = $1 AND id = $2 FOR UPDATE',
    [organizationId, secretId],
  );
  const row = await termsRow(tx, organizationId, secretId);
  if (!row) throw notFound('secret');
  await withKey(tx, dataKeys, row, (key) => {
    refuseAltered(key, row, row.binding);
  });
  return row;
}

/** Binds what the row says now. Its earlier state must have been looked at ({@link lockTerms}), or a forged one would become a true one. */
export async function bindTerms(
  tx: Tx,
  dataKeys: DataKeys,
  organizationId: string,
  secretId: string,
): Promise<void> {
  const row = await termsRow(tx, organizationId, secretId);
  if (!row) return;
  const binding = await withKey(tx, dataKeys, row, (key) => bindingOf(key, row));
  await writeBinding(tx, row, binding);
}

export async function writeBinding(
  tx: Tx,
  { organizationId, id }: BoundTerms,
  binding: Buffer,
): Promise<void> {
  await tx.query(
    'UPDATE provider_secrets SET binding = $3 WHERE organization_id = $1 AND id = $2',
    [organizationId, id, binding],
  );
}

export async function termsRow(
  tx: Tx,
  organizationId: string,
  secretId: string,
): Promise<Found | undefined> {
  const [row] = await tx.query<Found>(
    `SELECT ${BOUND_COLUMNS}, v.data_key_id AS "dataKeyId"
       FROM provider_secrets s
       LEFT JOIN provider_secret_versions v ON v.organization_id = s.organization_id AND v.secret_id = s.id AND v.version = s.current_version
      WHERE s.organization_id = $1 AND s.id = $2`,
    [organizationId, secretId],
  );
  return row;
}

/** @throws {AppError} SECRET_UNREADABLE when there is no such key: the version that is handed out was taken away */
async function withKey<T>(
  tx: Tx,
  dataKeys: DataKeys,
  row: Found,
  use: (key: Buffer) => T,
): Promise<T> {
  const { organizationId, dataKeyId, id: secretId, currentVersion: version } = row;
  const ids = dataKeyId === null ? [] : [dataKeyId];
  const [key] = (await dataKeys.byIds(tx, organizationId, ids)).values();
  if (!key) throw unreadable({ secretId, version });
  try {
    return use(key.bytes);
  } finally {
    key.bytes.fill(0);
  }
}
