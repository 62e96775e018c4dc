import { Injectable } from '@nestjs/common';
import { SYSTEM, UnitOfWork } from '../../platform/database/index.js';

export interface AlertRow {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly projectId: string | null;
  readonly projectName: string | null;
  readonly keyName: string | null;
  readonly payload: Record<string, unknown>;
}

@Injectable()
export class AlertStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Newest first. Ids are UUIDv7, so the order of ids is the order of time. */
  page(
    organizationId: string,
    filter: { kind: string | undefined; before: string | undefined; limit: number },
  ): Promise<AlertRow[]> {
    return this.unitOfWork.read<AlertRow>(
      organizationId,
      `SELECT e.id, e.at, e.kind, p.id AS "projectId", p.name AS "projectName", k.name AS "keyName", e.payload
         FROM outbox_events e
         -- Some name their project, and those about a project are about it.
         LEFT JOIN projects p
           ON p.organization_id = e.organization_id AND p.id::text = coalesce(
              e.payload ->> 'projectId',
              CASE WHEN e.kind LIKE 'project.%' OR e.payload ->> 'scope' IN ('balance', 'project') THEN e.payload ->> 'scopeId' END)
         LEFT JOIN iron_cage_keys k ON k.organization_id = e.organization_id AND k.id = e.payload ->> 'keyId'
        WHERE e.organization_id = $1 AND ($2::text IS NULL OR e.kind = $2) AND ($3::uuid IS NULL OR e.id < $3)
        ORDER BY e.id DESC LIMIT $4`,
      [organizationId, filter.kind ?? null, filter.before ?? null, filter.limit],
    );
  }

  /** Of all organizations, the oldest first. @returns how many there were, `limit` at most */
  async forgetOlderThan(days: number, limit: number): Promise<number> {
    const rows = await this.unitOfWork.run(SYSTEM, (tx) =>
      tx.query(
        `DELETE FROM outbox_events WHERE (organization_id, id) IN (
           SELECT organization_id, id FROM outbox_events
            WHERE at < clock_timestamp() - $1::int * interval '1 day'
            ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING id`,
        [days, limit],
      ),
    );
    return rows.length;
  }
}
