import type { Tx } from '../../platform/database/index.js';
import { openBytes, unreadable } from '../domain/secret-values.js';
import { seal } from '../../kernel/sealed-box.js';
import { secretContext } from '../domain/context.js';
import type { DataKeys } from './data-keys.js';

interface Row {
  secretId: string;
  version: number;
  dataKeyId: string;
  sealed: Buffer;
  projectId: string | null;
  environment: string;
}

/**
 * Encrypts with the newest data key a part of what an earlier one encrypts. A version that somebody else works on is left for later.
 *
 * @returns how many versions
 */
export async function reencryptSome(
  tx: Tx,
  dataKeys: DataKeys,
  organizationId: string,
  limit: number,
): Promise<number> {
  const newest = await dataKeys.current(tx, organizationId);
  const rows = await tx.query<Row>(
    `SELECT v.secret_id AS "secretId", v.version, v.data_key_id AS "dataKeyId", v.sealed, s.project_id AS "projectId", s.environment
       FROM provider_secret_versions v
       JOIN provider_secrets s ON s.organization_id = v.organization_id AND s.id = v.secret_id
      WHERE v.organization_id = $1 AND v.data_key_id <> $2
      ORDER BY v.secret_id, v.version LIMIT $3 FOR NO KEY UPDATE OF v SKIP LOCKED`,
    [organizationId, newest.id, limit],
  );
  const ids = rows.map(({ dataKeyId }) => dataKeyId);
  const earlier = await dataKeys.byIds(tx, organizationId, ids);
  for (const row of rows) {
    const key = earlier.get(row.dataKeyId);
    if (!key) throw unreadable(row);
    const bytes = openBytes(key.bytes, row.sealed, { ...row, organizationId });
    const context = secretContext({ ...row, organizationId, dataKeyId: newest.id });
    await tx.query(
      `UPDATE provider_secret_versions SET data_key_id = $4, sealed = $5
        WHERE organization_id = $1 AND secret_id = $2 AND version = $3`,
      [organizationId, row.secretId, row.version, newest.id, seal(newest.bytes, bytes, context)],
    );
    bytes.fill(0);
  }
  return rows.length;
}
