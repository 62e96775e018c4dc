import { Injectable } from '@nestjs/common';
import { SYSTEM, type Tx, UnitOfWork } from '../../platform/database/index.js';
import type { KeyCheckRow } from '../domain/key-facts.js';
import type { StoredSecret } from './key-store.js';

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
         p.environment AS "projectEnvironment", p.sender_binding AS "senderBinding", coalesce(e.epoch, 0) AS epoch
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

/** Keys as their check sees them: by what they say themselves, whosever they are. */
@Injectable()
export class KeyCheckStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** The one read without an organization: the key is what says which one it is. */
  async find(keyId: string): Promise<KeyCheckRow | undefined> {
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
  async rehash(key: KeyCheckRow, fresh: StoredSecret): Promise<void> {
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

  /**
   * Stops the secret of this hash: of the current one the whole key, of a rotated one only that.
   *
   * @returns the key that lost it; `undefined` when there is none, or it had stopped before
   */
  async stopLeaked(
    tx: Tx,
    leakHash: Buffer,
  ): Promise<{ organizationId: string; id: string; name: string; revoked: boolean } | undefined> {
    const [row] = await tx.query<{
      organizationId: string;
      id: string;
      name: string;
      revoked: boolean;
    }>(
      `UPDATE iron_cage_keys
          SET revoked_at = CASE WHEN leak_hash = $1 THEN now() ELSE revoked_at END,
              previous_until = CASE WHEN previous_leak_hash = $1 THEN least(previous_until, now()) ELSE previous_until END
        WHERE (leak_hash = $1 OR (previous_leak_hash = $1 AND previous_until > now())) AND revoked_at IS NULL
        RETURNING organization_id AS "organizationId", id, name, revoked_at IS NOT NULL AS revoked`,
      [leakHash],
    );
    return row;
  }

  /** Of all organizations: how many keys that work have a hash under an older pepper, and the oldest that any of them needs. */
  async waitingForPepper(tx: Tx, version: number): Promise<{ waiting: number; oldest: number }> {
    const [row] = await tx.query<{ waiting: number; oldest: number }>(
      `SELECT count(*) FILTER (WHERE pepper_version < $1)::int AS waiting,
              least($1::int, min(pepper_version), min(previous_pepper_version) FILTER (WHERE previous_until > now())) AS oldest
         FROM iron_cage_keys
        WHERE least(expires_at, revoked_at) > now() - interval '1 day'`,
      [version],
    );
    return row ?? { waiting: 0, oldest: version };
  }
}
