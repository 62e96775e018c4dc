import { seal } from '../../kernel/sealed-box.js';
import type { Tx } from '../../platform/database/index.js';
import { secretContext } from '../domain/context.js';
import { bindingOf, refuseAltered } from '../domain/secret-binding.js';
import { openBytes, unreadable } from '../domain/secret-values.js';
import { termsRow, writeBinding } from './binding.rows.js';
import type { DataKeys } from './data-keys.js';

interface Row {
  readonly secretId: string;
  readonly version: number;
  readonly dataKeyId: string;
  readonly sealed: Buffer;
  readonly projectId: string | null;
  readonly environment: string;
}

/**
 * Encrypts with the newest data key a part of what an earlier one encrypts, and binds to it what is handed out. A secret that somebody
 * else works on is left for later.
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
      ORDER BY v.secret_id, v.version LIMIT $3 FOR NO KEY UPDATE OF s, v SKIP LOCKED`,
    [organizationId, newest.id, limit],
  );
  const ids = rows.map(({ dataKeyId }) => dataKeyId);
  const earlier = await dataKeys.byIds(tx, organizationId, ids);
  for (const row of rows) {
    const of = { ...row, organizationId };
    const key = earlier.get(row.dataKeyId);
    if (!key) throw unreadable(of);
    const bytes = openBytes(key.bytes, row.sealed, of);
    await rebind(tx, of, key.bytes, newest.bytes);
    const context = secretContext({ ...of, dataKeyId: newest.id });
    await tx.query(
      `UPDATE provider_secret_versions SET data_key_id = $4, sealed = $5
        WHERE organization_id = $1 AND secret_id = $2 AND version = $3`,
      [organizationId, row.secretId, row.version, newest.id, seal(newest.bytes, bytes, context)],
    );
    bytes.fill(0);
  }
  for (const { bytes } of [newest, ...earlier.values()]) bytes.fill(0);
  return rows.length;
}

/** The binding of a secret goes with the key of the version that is handed out. The row is locked: what it says is read once more. */
async function rebind(
  tx: Tx,
  { organizationId, secretId, version }: Row & { organizationId: string },
  from: Buffer,
  to: Buffer,
): Promise<void> {
  const terms = await termsRow(tx, organizationId, secretId);
  if (terms?.currentVersion !== version) return;
  refuseAltered(from, terms, terms.binding);
  await writeBinding(tx, terms, bindingOf(to, terms));
}
