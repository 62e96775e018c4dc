import { Injectable } from '@nestjs/common';
import { leastIdAt, newId } from '../../kernel/ids.js';
import { printMoney } from '../../kernel/money.js';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';

export interface AuditEvent {
  readonly organizationId: string;
  /** `user:<id>`, `key:<id>` or `server`. */
  readonly actor: string;
  /** Noun and verb: `project.pause`. */
  readonly action: string;
  /** Kind and id: `project:<id>`. */
  readonly target: string;
  /** Facts for people; never a secret. A `bigint` is money and is written in dollars. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface AuditRow {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly actorName: string | null;
  readonly action: string;
  readonly target: string;
  readonly targetName: string | null;
  readonly details: Record<string, unknown>;
}

export interface AuditFilter {
  readonly action?: string | undefined;
  readonly actor?: string | undefined;
  readonly target?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Only events older than this one. */
  readonly beforeId?: string | undefined;
  readonly limit: number;
}

/**
 * The server gives the id and the database the time, a little apart: ids are searched this much wider than the time asked for, and the
 * time itself decides.
 */
const CLOCKS_APART_MS = 3_600_000;
const MOST_ACTIONS = 500;

@Injectable()
export class AuditLog {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async append(tx: Tx, events: readonly AuditEvent[]): Promise<void> {
    await tx.query(
      `INSERT INTO audit_events (organization_id, id, actor, action, target, details)
       SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[])`,
      [
        events.map(({ organizationId }) => organizationId),
        events.map(() => newId()),
        events.map(({ actor }) => actor),
        events.map(({ action }) => action),
        events.map(({ target }) => target),
        events.map(({ details }) => detailsJson(details ?? {})),
      ],
    );
  }

  /** Newest first. The casts sit on the event's side, so that all joins use primary keys. */
  before(organizationId: string, filter: AuditFilter): Promise<AuditRow[]> {
    const { action, actor, target, from, to, beforeId, limit } = filter;
    return this.unitOfWork.read<AuditRow>(
      organizationId,
      `SELECT e.id, e.at, e.actor, coalesce(u.name, k.name) AS "actorName", e.action, e.target,
              coalesce(tu.name, tk.name, tp.name, ts.name) AS "targetName", e.details
         FROM audit_events e
         LEFT JOIN users u
           ON u.id = CASE WHEN e.actor LIKE 'user:%' THEN substr(e.actor, 6)::uuid END
         LEFT JOIN iron_cage_keys k
           ON k.organization_id = e.organization_id
          AND k.id = CASE WHEN e.actor LIKE 'key:%' THEN substr(e.actor, 5) END
         LEFT JOIN users tu
           ON tu.id = CASE WHEN e.target LIKE 'user:%' THEN substr(e.target, 6)::uuid END
         LEFT JOIN iron_cage_keys tk
           ON tk.organization_id = e.organization_id
          AND tk.id = CASE WHEN e.target LIKE 'key:%' THEN substr(e.target, 5) END
         LEFT JOIN projects tp
           ON tp.organization_id = e.organization_id
          AND tp.id = CASE WHEN e.target LIKE 'project:%' THEN substr(e.target, 9)::uuid END
         LEFT JOIN provider_secrets ts
           ON ts.organization_id = e.organization_id
          AND ts.id = CASE WHEN e.target LIKE 'secret:%' THEN substr(e.target, 8)::uuid END
        WHERE e.organization_id = $1
          AND ($2::uuid IS NULL OR e.id < $2)
          AND ($4::text IS NULL OR e.action = $4)
          AND ($5::text IS NULL OR e.actor = $5)
          AND ($6::text IS NULL OR e.target = $6)
          AND ($7::uuid IS NULL OR e.id >= $7 AND e.at >= $8)
          AND ($9::uuid IS NULL OR e.id < $9 AND e.at < $10)
        ORDER BY e.id DESC
        LIMIT $3`,
      [
        organizationId,
        beforeId ?? null,
        limit,
        action ?? null,
        actor ?? null,
        target ?? null,
        from ? leastIdAt(from.getTime() - CLOCKS_APART_MS) : null,
        storable(from),
        to ? leastIdAt(to.getTime() + CLOCKS_APART_MS) : null,
        storable(to),
      ],
    );
  }

  /** Steps from one to the next in the index: as many reads as there are actions, however many events. */
  async actions(organizationId: string): Promise<string[]> {
    const rows = await this.unitOfWork.read<{ action: string }>(
      organizationId,
      `WITH RECURSIVE seen AS (
         (SELECT action FROM audit_events WHERE organization_id = $1 ORDER BY action LIMIT 1)
         UNION ALL
         SELECT (SELECT e.action FROM audit_events e
                  WHERE e.organization_id = $1 AND e.action > s.action ORDER BY e.action LIMIT 1)
           FROM seen s
          WHERE s.action IS NOT NULL
       )
       SELECT action FROM seen WHERE action IS NOT NULL LIMIT $2`,
      [organizationId, MOST_ACTIONS],
    );
    return rows.map(({ action }) => action);
  }
}

/** Nothing happened before 1970, and the database knows no year 0. */
function storable(at: Date | undefined): Date | null {
  return at === undefined ? null : new Date(Math.max(at.getTime(), 0));
}

function detailsJson(details: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(details, (_name, value: unknown) =>
    typeof value === 'bigint' ? printMoney(value) : value,
  );
}
