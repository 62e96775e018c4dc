import { Injectable } from '@nestjs/common';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';
import type { Place } from '../domain/places.js';

/**
 * An agent beats every ten seconds, so one that was not heard of for twice that is not there any more. Time is the database's.
 */
const PRESENT_MS = 20_000;
const PLACES_KEPT = 32;

export interface Use {
  readonly keyId: string;
  readonly ips: readonly string[];
}

export interface SeenKey {
  readonly keyId: string;
  readonly places: readonly Place[];
}

// The row's lock makes replicas see each other: whoever comes second finds what the first one wrote.
const SEE = `
  INSERT INTO key_places (organization_id, key_id, places)
  SELECT $1, u."keyId",
    (SELECT jsonb_object_agg(ip, round(extract(epoch FROM now()) * 1000)) FROM jsonb_array_elements_text(u.ips) AS ip)
  FROM jsonb_to_recordset($2::jsonb) AS u ("keyId" text, ips jsonb)
  ON CONFLICT (organization_id, key_id) DO UPDATE SET places = (
    SELECT jsonb_object_agg(ip, at) FROM (
      SELECT e.ip, e.at FROM jsonb_each(key_places.places || EXCLUDED.places) AS e (ip, at)
      WHERE e.at::float8 > extract(epoch FROM now()) * 1000 - $3::int
      ORDER BY e.at::float8 DESC LIMIT $4) kept)
  RETURNING key_id AS "keyId", places`;

/** Unless another session of the key still runs there. */
const LEAVE = `
  UPDATE key_places k SET places = k.places - s.ip
    FROM sessions s
   WHERE s.organization_id = $1 AND s.id = $2 AND k.organization_id = $1 AND k.key_id = s.key_id
     AND NOT EXISTS (
       SELECT 1 FROM sessions o
        WHERE o.organization_id = $1 AND o.key_id = s.key_id AND o.ip = s.ip AND o.ended_at IS NULL
          AND o.last_seen_at > now() - $3::int * interval '1 millisecond')`;

/** From where each key is used now. */
@Injectable()
export class PlaceStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @param uses at most one of each key. @returns where each of them is used now */
  async see(tx: Tx, organizationId: string, uses: readonly Use[]): Promise<SeenKey[]> {
    // Sorted, so that two replicas lock in one order.
    const sorted = [...uses].sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
    const rows = await tx.query<{ keyId: string; places: Record<string, number> }>(SEE, [
      organizationId,
      JSON.stringify(sorted),
      PRESENT_MS,
      PLACES_KEPT,
    ]);
    return rows.map(({ keyId, places }) => ({
      keyId,
      places: Object.entries(places).map(([ip, at]) => ({ ip, lastSeenAt: new Date(at) })),
    }));
  }

  async leave(organizationId: string, sessionId: string): Promise<void> {
    await this.unitOfWork.run(organizationId, (tx) =>
      tx.query(LEAVE, [organizationId, sessionId, PRESENT_MS]),
    );
  }

  async forget(tx: Tx, organizationId: string, keyId: string): Promise<void> {
    await tx.query('DELETE FROM key_places WHERE organization_id = $1 AND key_id = $2', [
      organizationId,
      keyId,
    ]);
  }
}
