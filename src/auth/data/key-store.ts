import { Injectable } from '@nestjs/common';
import type { KeyEnvironment } from '../../kernel/iron-cage-key.js';
import { SYSTEM, type Tx, UnitOfWork } from '../../platform/database/index.js';
import type { StoredHash } from '../domain/key-hash.js';

export interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly environment: KeyEnvironment;
  readonly projectId: string;
  readonly projectName: string;
  readonly state: 'active' | 'revoked' | 'expired';
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
  readonly createdBy: string;
  readonly expiresInDays: number;
}

/** What the check of a key needs. */
export interface KeyCheckRow extends StoredHash {
  readonly organizationId: string;
  readonly projectId: string;
  readonly environment: KeyEnvironment;
  /** Since it was revoked or expired, by the database's clock; below zero while it is good. */
  readonly retiredMs: number;
}

const VIEW = `
  SELECT k.id, k.name, k.environment, k.project_id AS "projectId", p.name AS "projectName",
         CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked'
              WHEN k.expires_at <= now() THEN 'expired'
              ELSE 'active' END AS state,
         k.created_at AS "createdAt", k.expires_at AS "expiresAt",
         k.last_used_at AS "lastUsedAt", k.revoked_at AS "revokedAt"
    FROM iron_cage_keys k
    JOIN projects p ON p.organization_id = k.organization_id AND p.id = k.project_id
   WHERE k.organization_id = $1`;

@Injectable()
export class KeyStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async insert(tx: Tx, key: NewKey): Promise<void> {
    await tx.query(
      `INSERT INTO iron_cage_keys
         (organization_id, id, project_id, name, environment, hmac, pepper_version, created_by, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9::int * interval '1 day')`,
      [
        key.organizationId,
        key.id,
        key.projectId,
        key.name,
        key.environment,
        key.hmac,
        key.pepperVersion,
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
    const [row] = await this.unitOfWork.read<KeyCheckRow>(
      SYSTEM,
      `SELECT organization_id AS "organizationId", project_id AS "projectId", environment, hmac,
              pepper_version AS "pepperVersion",
              (extract(epoch FROM now() - least(expires_at, revoked_at)) * 1000)::float8 AS "retiredMs"
         FROM iron_cage_keys WHERE id = $1`,
      [keyId],
    );
    return row;
  }

  /** At most once a minute per key, whichever replica it is. Sorted, so that two replicas lock in one order. */
  async markUsed(keys: readonly { organizationId: string; keyId: string }[]): Promise<void> {
    const sorted = [...keys].sort((a, b) => a.keyId.localeCompare(b.keyId));
    await this.unitOfWork.run(SYSTEM, (tx) =>
      tx.query(
        `UPDATE iron_cage_keys k SET last_used_at = now()
           FROM unnest($1::uuid[], $2::text[]) AS used (organization_id, id)
          WHERE k.organization_id = used.organization_id AND k.id = used.id
            AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute')`,
        [sorted.map((key) => key.organizationId), sorted.map((key) => key.keyId)],
      ),
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
