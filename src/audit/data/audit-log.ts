import { Injectable } from '@nestjs/common';
import { newId } from '../../kernel/ids.js';
import { printMoney } from '../../kernel/money.js';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';

export interface AuditEvent {
  readonly organizationId: string;
  /** `user:<id>`, `key:<id>` or `system`. */
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
  readonly details: Record<string, unknown>;
}

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

  /** Newest first. The casts sit on the event's side, so that both joins use primary keys. */
  before(organizationId: string, id: string | undefined, limit: number): Promise<AuditRow[]> {
    return this.unitOfWork.read<AuditRow>(
      organizationId,
      `SELECT e.id, e.at, e.actor, coalesce(u.name, k.name) AS "actorName", e.action, e.target, e.details
         FROM audit_events e
         LEFT JOIN users u
           ON u.id = CASE WHEN e.actor LIKE 'user:%' THEN substr(e.actor, 6)::uuid END
         LEFT JOIN iron_cage_keys k
           ON k.organization_id = e.organization_id
          AND k.id = CASE WHEN e.actor LIKE 'key:%' THEN substr(e.actor, 5) END
        WHERE e.organization_id = $1 AND ($2::uuid IS NULL OR e.id < $2)
        ORDER BY e.id DESC
        LIMIT $3`,
      [organizationId, id ?? null, limit],
    );
  }
}

function detailsJson(details: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(details, (_name, value: unknown) =>
    typeof value === 'bigint' ? printMoney(value) : value,
  );
}
