import { Injectable } from '@nestjs/common';
import { newId } from '../../kernel/ids.js';
import type { AnswerOf } from '../../kernel/route.js';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';
import type { releaseAnomaly } from '../anomalies.contract.js';
import type { Place } from '../domain/places.js';

export type AnomalyView = AnswerOf<typeof releaseAnomaly>;

/** A key as far as it matters to whoever judges it. */
export interface KeyFacts {
  readonly projectId: string;
  readonly name: string;
  readonly blocked: boolean;
  readonly projectState: 'active' | 'paused' | 'archived';
}

export interface NewAnomaly {
  readonly organizationId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly action: 'alert' | 'pause' | 'block';
  readonly summary: string;
  readonly places: readonly Place[];
}

interface Row extends Omit<AnomalyView, 'evidence'> {
  readonly evidence: {
    readonly addresses?: readonly { ip: string; lastSeenAt: string }[];
    /** Nano-dollars: numbers of JSON would lose digits. */
    readonly perMinute?: string;
    readonly limit?: string;
  };
  readonly sessions: readonly { readonly ip: string; readonly id: string }[];
}

/** Of one address: the sessions that a person will want to look at; more of them say nothing more. */
const SESSIONS_SHOWN = 20;
/** So many of a key are looked through, the newest first. */
const SESSIONS_READ = 1_000;

// Sessions are looked up and not kept with the evidence: the use that gives a key away may be the start of a session, whose row is not there
// yet when the evidence is written. No session is ever deleted. A silent one ends when it was last heard of, which may be before its place was free.
const VIEW = `
  SELECT a.id, a.project_id AS "projectId", p.name AS "projectName", a.key_id AS "keyId", k.name AS "keyName", a.kind, a.action,
    a.summary, a.evidence, a.times, a.first_at AS "firstAt", a.last_at AS "lastAt",
    a.released_at AS "releasedAt", a.released_by AS "releasedBy",
    (SELECT coalesce(json_agg(json_build_object('ip', ran.ip, 'id', ran.id) ORDER BY ran.number), '[]') FROM (
       SELECT ip, id, row_number() OVER (PARTITION BY ip ORDER BY started_at DESC) AS number FROM (
         SELECT ip, id, started_at, ended_at FROM sessions
          WHERE organization_id = $1 AND key_id = a.key_id AND a.kind = 'addresses' AND started_at <= a.first_at + interval '10 seconds'
          ORDER BY started_at DESC LIMIT ${SESSIONS_READ}) started
        WHERE ended_at IS NULL OR ended_at >= a.first_at - interval '20 seconds') ran
      WHERE ran.number <= ${SESSIONS_SHOWN}) AS sessions
  FROM anomalies a
  JOIN projects p ON p.organization_id = a.organization_id AND p.id = a.project_id
  JOIN iron_cage_keys k ON k.organization_id = a.organization_id AND k.id = a.key_id
  WHERE a.organization_id = $1`;

@Injectable()
export class AnomalyStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async page(
    organizationId: string,
    filter: { projectId?: string; open: boolean; before?: string; limit: number },
  ): Promise<AnomalyView[]> {
    const rows = await this.unitOfWork.read<Row>(
      organizationId,
      `${VIEW}
         AND ($2::uuid IS NULL OR a.project_id = $2) AND ($3::boolean IS NOT TRUE OR a.released_at IS NULL)
         AND ($4::uuid IS NULL OR a.id < $4)
       ORDER BY a.id DESC LIMIT $5`,
      [organizationId, filter.projectId ?? null, filter.open, filter.before ?? null, filter.limit],
    );
    return rows.map(view);
  }

  async lock(tx: Tx, organizationId: string, id: string): Promise<AnomalyView | undefined> {
    const [row] = await tx.query<Row>(`${VIEW} AND a.id = $2 FOR UPDATE OF a`, [
      organizationId,
      id,
    ]);
    return row && view(row);
  }

  async keyFacts(tx: Tx, organizationId: string, keyId: string): Promise<KeyFacts | undefined> {
    const [row] = await tx.query<KeyFacts>(
      `SELECT k.project_id AS "projectId", k.name, k.blocked_at IS NOT NULL AS blocked, p.state AS "projectState"
         FROM iron_cage_keys k
         JOIN projects p ON p.organization_id = k.organization_id AND p.id = k.project_id
        WHERE k.organization_id = $1 AND k.id = $2`,
      [organizationId, keyId],
    );
    return row;
  }

  /**
   * One open anomaly of a kind per key: while it is open, seeing it again counts it.
   *
   * @returns its id, and whether it is new
   */
  async raiseAddresses(tx: Tx, anomaly: NewAnomaly): Promise<{ id: string; isNew: boolean }> {
    const { organizationId, projectId, keyId, action, summary, places } = anomaly;
    const id = newId();
    const [row] = await tx.query<{ id: string }>(
      `INSERT INTO anomalies (organization_id, id, project_id, key_id, kind, action, summary, evidence, first_at, last_at)
       VALUES ($1, $2, $3, $4, 'addresses', $5, $6, $7, now(), now())
       ON CONFLICT (organization_id, key_id, kind) WHERE released_at IS NULL
       DO UPDATE SET times = anomalies.times + 1, last_at = EXCLUDED.last_at, action = EXCLUDED.action
       RETURNING id`,
      [
        organizationId,
        id,
        projectId,
        keyId,
        action,
        summary,
        JSON.stringify({ addresses: places }),
      ],
    );
    if (!row) throw new Error('an anomaly was written and is not there');
    return { id: row.id, isNew: row.id === id };
  }

  async release(tx: Tx, organizationId: string, id: string, by: string): Promise<void> {
    await tx.query(
      `UPDATE anomalies SET released_at = now(), released_by = $3
        WHERE organization_id = $1 AND id = $2 AND released_at IS NULL`,
      [organizationId, id, by],
    );
  }

  /** @returns whether this call blocked it */
  async block(tx: Tx, organizationId: string, keyId: string): Promise<boolean> {
    const rows = await tx.query(
      `UPDATE iron_cage_keys SET blocked_at = now()
        WHERE organization_id = $1 AND id = $2 AND blocked_at IS NULL RETURNING id`,
      [organizationId, keyId],
    );
    return rows.length > 0;
  }

  /** Unless something else that is open blocks it too. @returns whether it was unblocked */
  async unblock(tx: Tx, organizationId: string, keyId: string): Promise<boolean> {
    const rows = await tx.query(
      `UPDATE iron_cage_keys k SET blocked_at = NULL
        WHERE k.organization_id = $1 AND k.id = $2 AND k.blocked_at IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM anomalies a
           WHERE a.organization_id = $1 AND a.key_id = $2 AND a.released_at IS NULL AND a.action = 'block')
        RETURNING k.id`,
      [organizationId, keyId],
    );
    return rows.length > 0;
  }

  /** For whoever delivers alerts. */
  async announce(tx: Tx, organizationId: string, payload: Record<string, unknown>): Promise<void> {
    await tx.query(
      `INSERT INTO outbox_events (organization_id, id, kind, payload, at)
       VALUES ($1, $2, 'key.anomaly', $3, now())`,
      [organizationId, newId(), JSON.stringify(payload)],
    );
  }
}

function view({ evidence, sessions, ...row }: Row): AnomalyView {
  const { addresses = [], perMinute, limit } = evidence;
  return {
    ...row,
    evidence: {
      addresses: addresses.map(({ ip, lastSeenAt }) => ({
        ip,
        lastSeenAt: new Date(lastSeenAt),
        sessionIds: sessions.filter((session) => session.ip === ip).map(({ id }) => id),
      })),
      perMinute: perMinute === undefined ? null : BigInt(perMinute),
      limit: limit === undefined ? null : BigInt(limit),
    },
  };
}
