import { Injectable } from '@nestjs/common';
import type { KeyEnvironment } from '../../kernel/iron-cage-key.js';
import { SYSTEM, type Tx, UnitOfWork } from '../../platform/database/index.js';
import type { KeyCheckRow } from '../domain/key-facts.js';
import type { StoredHash } from '../domain/key-hash.js';

export interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly environment: KeyEnvironment;
  readonly projectId: string;
  readonly projectName: string;
  readonly state: 'active' | 'blocked' | 'revoked' | 'expired';
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

export interface NewKey extends StoredHash {
  readonly organizationId: string;
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly environment: KeyEnvironment;
  readonly leakHash: Buffer;
  readonly createdBy: string;
  readonly expiresInDays: number;
}

const VIEW = `
  SELECT k.id, k.name, k.environment, k.project_id AS "projectId", p.name AS "projectName",
         CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked'
              WHEN k.blocked_at IS NOT NULL THEN 'blocked'
              WHEN k.expires_at <= now() THEN 'expired'
              ELSE 'active' END AS state,
         k.created_at AS "createdAt", k.expires_at AS "expiresAt",
         k.last_used_at AS "lastUsedAt", k.revoked_at AS "revokedAt"
    FROM iron_cage_keys k
    JOIN projects p ON p.organization_id = k.organization_id AND p.id = k.project_id
   WHERE k.organization_id = $1`;

type CheckColumns = Omit<KeyCheckRow, 'previous'> & {
  previousHmac: Buffer | null;
  previousPepperVersion: number | null;
};

const CHECK = `
  SELECT k.organization_id AS "organizationId", k.project_id AS "projectId", k.id AS "keyId", k.environment,
         k.scopes, k.allowed_ranges AS ranges, k.models, k.requests_per_minute AS "requestsPerMinute",
         k.hmac, k.pepper_version AS "pepperVersion",
         k.previous_hmac AS "previousHmac", k.previous_pepper_version AS "previousPepperVersion",
         (extract(epoch FROM k.previous_until - now()) * 1000)::float8 AS "previousLeftMs",
         (extract(epoch FROM now() - least(k.expires_at, k.revoked_at, k.blocked_at)) * 1000)::float8 AS "retiredMs",
         k.revoked_at IS NOT NULL AS revoked, k.blocked_at IS NOT NULL AS blocked, k.leak_hash IS NOT NULL AS "hasLeakHash",
         p.environment AS "projectEnvironment", coalesce(e.epoch, 0) AS epoch
    FROM iron_cage_keys k
    JOIN projects p ON p.organization_id = k.organization_id AND p.id = k.project_id
    LEFT JOIN access_epochs e ON e.organization_id = k.organization_id
   WHERE k.id = $1`;

const IPS_KEPT = 10;

/** Of each address the last time; the newest addresses are kept. */
const MARK_USED = `
  UPDATE iron_cage_keys k
     SET last_used_at = now(),
         recent_ips = (
           SELECT coalesce(jsonb_agg(jsonb_build_object('ip', ip, 'at', at) ORDER BY at DESC, ip), '[]')
             FROM (SELECT ip, max(at) AS at
                     FROM (SELECT e ->> 'ip' AS ip, (e ->> 'at')::timestamptz AS at
                             FROM jsonb_array_elements(k.recent_ips) e
                           UNION ALL
                           SELECT jsonb_array_elements_text(used.ips), now()) each
                    GROUP BY ip ORDER BY max(at) DESC, ip LIMIT $2) newest)
    FROM jsonb_to_recordset($1::jsonb) AS used ("organizationId" uuid, "keyId" text, ips jsonb)
   WHERE k.organization_id = used."organizationId" AND k.id = used."keyId"`;

@Injectable()
export class KeyStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async insert(tx: Tx, key: NewKey): Promise<void> {
    await tx.query(
      `INSERT INTO iron_cage_keys
         (organization_id, id, project_id, name, environment, hmac, pepper_version, leak_hash, created_by, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + $10::int * interval '1 day')`,
      [
        key.organizationId,
        key.id,
        key.projectId,
        key.name,
        key.environment,
        key.hmac,
        key.pepperVersion,
        key.leakHash,
        key.createdBy,
        key.expiresInDays,
      ],
    );
  }

  /** @returns whether this call revoked it: false when it was revoked before, or is not there */
  async revoke(tx: Tx, organizationId: string, keyId: string): Promise<boolean> {
    const rows = await tx.query(
      `UPDATE iron_cage_keys SET revoked_at = now()
        WHERE organization_id = $1 AND id = $2 AND revoked_at IS NULL
        RETURNING id`,
      [organizationId, keyId],
    );
    return rows.length > 0;
  }

  async find(tx: Tx, organizationId: string, keyId: string): Promise<KeyRow | undefined> {
    const [row] = await tx.query<KeyRow>(`${VIEW} AND k.id = $2`, [organizationId, keyId]);
    return row;
  }

  /** Newest first. The cursor is a key's id; what it stands for is read here, so that no precision is lost on the way. */
  page(
    organizationId: string,
    filter: { projectId: string | undefined; after: string | undefined; limit: number },
  ): Promise<KeyRow[]> {
    return this.unitOfWork.read<KeyRow>(
      organizationId,
      `${VIEW}
         AND ($2::uuid IS NULL OR k.project_id = $2)
         AND ($3::text IS NULL OR (k.created_at, k.id) <
              (SELECT c.created_at, c.id FROM iron_cage_keys c WHERE c.organization_id = $1 AND c.id = $3))
       ORDER BY k.created_at DESC, k.id DESC
       LIMIT $4`,
      [organizationId, filter.projectId ?? null, filter.after ?? null, filter.limit],
    );
  }

  /** The one read without an organization: the key is what says which one it is. */
  async findForCheck(keyId: string): Promise<KeyCheckRow | undefined> {
    const [row] = await this.unitOfWork.read<CheckColumns>(SYSTEM, CHECK, [keyId]);
    if (!row) return undefined;
    const { previousHmac, previousPepperVersion, ...rest } = row;
    const hasPrevious = previousHmac !== null && previousPepperVersion !== null;
    return {
      ...rest,
      previous: hasPrevious ? { hmac: previousHmac, pepperVersion: previousPepperVersion } : null,
    };
  }

  /** Unless it was rotated meanwhile. */
  async rehash(key: KeyCheckRow, fresh: StoredHash & { leakHash: Buffer }): Promise<void> {
    await this.unitOfWork.run(key.organizationId, (tx) =>
      tx.query(
        `UPDATE iron_cage_keys SET hmac = $4, pepper_version = $5, leak_hash = $6
          WHERE organization_id = $1 AND id = $2 AND hmac = $3`,
        [key.organizationId, key.keyId, key.hmac, fresh.hmac, fresh.pepperVersion, fresh.leakHash],
      ),
    );
  }

  /** When and from where. Sorted, so that two replicas lock in one order. */
  async markUsed(
    uses: readonly { organizationId: string; keyId: string; ips: readonly string[] }[],
  ): Promise<void> {
    const sorted = [...uses].sort((a, b) => a.keyId.localeCompare(b.keyId));
    await this.unitOfWork.run(SYSTEM, (tx) =>
      tx.query(MARK_USED, [JSON.stringify(sorted), IPS_KEPT]),
    );
  }

  /** The lock keeps the project as it is until the key is in. */
  async lockProject(
    tx: Tx,
    organizationId: string,
    projectId: string,
  ): Promise<{ state: string } | undefined> {
    const [row] = await tx.query<{ state: string }>(
      'SELECT state FROM projects WHERE organization_id = $1 AND id = $2 FOR SHARE',
      [organizationId, projectId],
    );
    return row;
  }
}
