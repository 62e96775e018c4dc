import { Injectable } from '@nestjs/common';
import type { KeyEnvironment } from '../../kernel/iron-cage-key.js';
import type { KeyScope } from '../../kernel/permissions.js';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';
import type { StoredHash } from '../domain/key-hash.js';

/** What people may set of a key, whenever they like. */
export interface KeyRules {
  readonly scopes: readonly KeyScope[];
  readonly allowedAddresses: readonly string[];
  readonly models: readonly string[];
  readonly requestsPerMinute: number | null;
}

export interface KeyRow extends KeyRules {
  readonly id: string;
  readonly name: string;
  readonly environment: KeyEnvironment;
  readonly projectId: string;
  readonly projectName: string;
  readonly state: 'active' | 'blocked' | 'revoked' | 'expired';
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly expiresSoon: boolean;
  readonly rotatedAt: Date | null;
  readonly oldSecretUntil: Date | null;
  readonly lastUsedAt: Date | null;
  readonly recentIps: readonly { readonly ip: string; readonly at: string }[];
  readonly revokedAt: Date | null;
}

/** A secret as it is stored: what checks it, and what a leak report finds it by. */
export interface StoredSecret extends StoredHash {
  readonly leakHash: Buffer;
}

export interface NewKey extends StoredSecret, KeyRules {
  readonly organizationId: string;
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly environment: KeyEnvironment;
  readonly createdBy: string;
  readonly expiresInDays: number;
  readonly requestId: string | null;
  readonly requestHash: Buffer | null;
}

type Changes = { readonly [Name in keyof KeyRules]?: KeyRules[Name] | undefined } & {
  readonly name?: string | undefined;
};

/** Within two weeks, or the last fifth of a shorter life. */
export const EXPIRES_SOON = `
  k.revoked_at IS NULL AND k.expires_at > now()
  AND k.expires_at - now() < least(interval '14 days', (k.expires_at - coalesce(k.rotated_at, k.created_at)) / 5)`;

const VIEW = `
  SELECT k.id, k.name, k.environment, k.project_id AS "projectId", p.name AS "projectName",
         CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked'
              WHEN k.blocked_at IS NOT NULL THEN 'blocked'
              WHEN k.expires_at <= now() THEN 'expired'
              ELSE 'active' END AS state,
         k.scopes, k.allowed_ranges AS "allowedAddresses", k.models, k.requests_per_minute AS "requestsPerMinute",
         k.created_at AS "createdAt", k.expires_at AS "expiresAt", (${EXPIRES_SOON}) AS "expiresSoon",
         k.rotated_at AS "rotatedAt",
         CASE WHEN k.previous_until > now() THEN k.previous_until END AS "oldSecretUntil",
         k.last_used_at AS "lastUsedAt", k.recent_ips AS "recentIps", k.revoked_at AS "revokedAt"
    FROM iron_cage_keys k
    JOIN projects p ON p.organization_id = k.organization_id AND p.id = k.project_id
   WHERE k.organization_id = $1`;

/** Keys as people make, change and see them. */
@Injectable()
export class KeyStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @returns whether it did: false where its request made one before */
  async insert(tx: Tx, key: NewKey): Promise<boolean> {
    const rows = await tx.query(
      `INSERT INTO iron_cage_keys
         (organization_id, id, project_id, name, environment, hmac, pepper_version, leak_hash, created_by, expires_at,
          scopes, allowed_ranges, models, requests_per_minute, request_id, request_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + $10::int * interval '1 day', $11, $12, $13, $14, $15, $16)
       ON CONFLICT (organization_id, request_id) WHERE request_id IS NOT NULL DO NOTHING
       RETURNING id`,
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
        key.scopes,
        key.allowedAddresses,
        key.models,
        key.requestsPerMinute,
        key.requestId,
        key.requestHash,
      ],
    );
    return rows.length > 0;
  }

  async madeBy(
    tx: Tx,
    organizationId: string,
    requestId: string,
  ): Promise<{ id: string; requestHash: Buffer | null } | undefined> {
    const [row] = await tx.query<{ id: string; requestHash: Buffer | null }>(
      `SELECT id, request_hash AS "requestHash" FROM iron_cage_keys WHERE organization_id = $1 AND request_id = $2`,
      [organizationId, requestId],
    );
    return row;
  }

  async update(tx: Tx, organizationId: string, keyId: string, changes: Changes): Promise<void> {
    await tx.query(
      `UPDATE iron_cage_keys
          SET name = coalesce($3, name), scopes = coalesce($4, scopes),
              allowed_ranges = coalesce($5, allowed_ranges), models = coalesce($6, models),
              requests_per_minute = CASE WHEN $7 THEN $8 ELSE requests_per_minute END
        WHERE organization_id = $1 AND id = $2`,
      [
        organizationId,
        keyId,
        changes.name,
        changes.scopes,
        changes.allowedAddresses,
        changes.models,
        changes.requestsPerMinute !== undefined,
        changes.requestsPerMinute,
      ],
    );
  }

  /**
   * The secret of now becomes the previous one, unless the same request made it: then nobody has it, and the one before stays.
   *
   * @returns whether there is such a key that works
   */
  async rotate(
    tx: Tx,
    key: { organizationId: string; id: string },
    next: StoredSecret & {
      overlapMinutes: number;
      expiresInDays: number;
      requestId: string | null;
      requestHash: Buffer | null;
    },
  ): Promise<boolean> {
    const unlessAgain = (column: string, value: string): string =>
      `${column} = CASE WHEN rotation_request_id = $8 THEN ${column} ELSE ${value} END`;
    const rows = await tx.query(
      `UPDATE iron_cage_keys
          SET ${unlessAgain('previous_hmac', 'hmac')},
              ${unlessAgain('previous_pepper_version', 'pepper_version')},
              ${unlessAgain('previous_leak_hash', 'leak_hash')},
              ${unlessAgain('previous_until', `least(expires_at, now() + $6::int * interval '1 minute')`)},
              hmac = $3, pepper_version = $4, leak_hash = $5, rotated_at = now(),
              expires_at = now() + $7::int * interval '1 day', expiry_warned_at = NULL,
              rotation_request_id = $8, rotation_request_hash = $9
        WHERE organization_id = $1 AND id = $2 AND revoked_at IS NULL
        RETURNING id`,
      [
        key.organizationId,
        key.id,
        next.hmac,
        next.pepperVersion,
        next.leakHash,
        next.overlapMinutes,
        next.expiresInDays,
        next.requestId,
        next.requestHash,
      ],
    );
    return rows.length > 0;
  }

  /** The last rotation of a key, if it was by this request. */
  async rotatedBy(
    tx: Tx,
    organizationId: string,
    keyId: string,
    requestId: string,
  ): Promise<{ requestHash: Buffer | null } | undefined> {
    const [row] = await tx.query<{ requestHash: Buffer | null }>(
      `SELECT rotation_request_hash AS "requestHash" FROM iron_cage_keys
        WHERE organization_id = $1 AND id = $2 AND rotation_request_id = $3`,
      [organizationId, keyId, requestId],
    );
    return row;
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

  /** The lock keeps the project as it is until the key is in. */
  async lockProject(
    tx: Tx,
    organizationId: string,
    projectId: string,
  ): Promise<{ name: string; state: string; environment: KeyEnvironment | 'any' } | undefined> {
    const [row] = await tx.query<{
      name: string;
      state: string;
      environment: KeyEnvironment | 'any';
    }>(
      'SELECT name, state, environment FROM projects WHERE organization_id = $1 AND id = $2 FOR SHARE',
      [organizationId, projectId],
    );
    return row;
  }
}
