import type { AnswerOf } from '../../kernel/route.js';
import type { Tx, UnitOfWork } from '../../platform/database/index.js';
import type { FieldHint } from '../domain/secret-values.js';
import type { listSecretVersions } from '../secrets.contract.js';

export type SecretVersionView = AnswerOf<typeof listSecretVersions>['items'][number];

/**
 * A session may hold what it was granted until it says itself that it ended, or until the grant ends, whatever has become of the process: one
 * that somebody stopped may not have heard of it yet.
 */
const LIVE_SESSIONS = `
  SELECT count(*)::int FROM secret_grants g
  JOIN sessions e ON e.organization_id = g.organization_id AND e.id = g.session_id
  WHERE g.organization_id = v.organization_id AND g.secret_id = v.secret_id AND g.version = v.version
    AND g.expires_at > now() AND (e.ended_at IS NULL OR e.killed_by IS NOT NULL)`;

/** Newest first. @returns undefined when there is no such secret */
export async function versionRows(
  database: UnitOfWork,
  organizationId: string,
  secretId: string,
): Promise<SecretVersionView[] | undefined> {
  const rows = await database.read<
    Omit<SecretVersionView, 'safeToDelete' | 'fields'> & { hints: FieldHint[] }
  >(
    organizationId,
    `SELECT v.version,
            CASE WHEN v.destroyed_at IS NOT NULL THEN 'destroyed'
                 WHEN v.version = s.current_version THEN 'current' ELSE 'earlier' END AS state,
            v.hints, (${LIVE_SESSIONS}) AS "liveSessions", v.created_by AS "createdBy", u.name AS "createdByName",
            v.created_at AS "createdAt", v.destroyed_at AS "destroyedAt"
       FROM provider_secrets s
       JOIN provider_secret_versions v ON v.organization_id = s.organization_id AND v.secret_id = s.id
       LEFT JOIN users u ON u.id = CASE WHEN v.created_by LIKE 'user:%' THEN substr(v.created_by, 6)::uuid END
      WHERE s.organization_id = $1 AND s.id = $2
      ORDER BY v.version DESC LIMIT 200`,
    [organizationId, secretId],
  );
  if (rows.length === 0) return undefined;
  return rows.map(({ hints: fields, ...row }) => ({
    ...row,
    fields,
    safeToDelete: row.state === 'earlier' && row.liveSessions === 0,
  }));
}

export interface LockedVersion {
  readonly destroyed: boolean;
}

/** Nobody is granted it, and nobody changes it, until the transaction ends. */
export async function lockVersion(
  tx: Tx,
  organizationId: string,
  secretId: string,
  version: number,
): Promise<LockedVersion | undefined> {
  const [row] = await tx.query<LockedVersion>(
    `SELECT destroyed_at IS NOT NULL AS destroyed FROM provider_secret_versions
      WHERE organization_id = $1 AND secret_id = $2 AND version = $3 FOR UPDATE`,
    [organizationId, secretId, version],
  );
  return row;
}

export async function liveSessions(
  tx: Tx,
  organizationId: string,
  secretId: string,
  version: number,
): Promise<number> {
  const [row] = await tx.query<{ live: number }>(
    `SELECT (${LIVE_SESSIONS}) AS live FROM provider_secret_versions v
      WHERE v.organization_id = $1 AND v.secret_id = $2 AND v.version = $3`,
    [organizationId, secretId, version],
  );
  return row?.live ?? 0;
}

/** Its bytes are gone for good; that it was there, and who destroyed it, stays. */
export async function destroyVersionRow(
  tx: Tx,
  organizationId: string,
  secretId: string,
  version: number,
  actor: string,
): Promise<void> {
  await tx.query(
    `UPDATE provider_secret_versions SET sealed = NULL, data_key_id = NULL, destroyed_at = now(), destroyed_by = $4
      WHERE organization_id = $1 AND secret_id = $2 AND version = $3`,
    [organizationId, secretId, version, actor],
  );
}
