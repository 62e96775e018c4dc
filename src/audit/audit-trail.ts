import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/errors.js';
import { isUuid } from '../kernel/ids.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import type { Tx } from '../platform/database/index.js';
import type { listAudit } from './audit.contract.js';
import { type AuditEvent, AuditLog } from './data/audit-log.js';

export type { AuditEvent };

const PAGE_SIZE = 50;

/** Who did what. A change and its row are one transaction: no row, no change. */
@Injectable()
export class AuditTrail {
  constructor(private readonly log: AuditLog) {}

  async record(tx: Tx, event: AuditEvent): Promise<void> {
    await this.log.append(tx, [event]);
  }

  async recordAll(tx: Tx, events: readonly AuditEvent[]): Promise<void> {
    if (events.length > 0) await this.log.append(tx, events);
  }

  async list(
    organizationId: string,
    query: InputOf<typeof listAudit>['query'],
  ): Promise<AnswerOf<typeof listAudit>> {
    const { cursor, limit = PAGE_SIZE, ...filter } = query;
    if (cursor !== undefined && !isUuid(cursor)) {
      throw new AppError('VALIDATION_FAILED', 'The cursor is not one of ours; start without it.');
    }
    if (filter.from && filter.to && filter.from >= filter.to) {
      throw new AppError(
        'VALIDATION_FAILED',
        'Give a range that ends (to) after it begins (from).',
      );
    }
    // One more than asked for tells whether there is another page.
    const rows = await this.log.before(organizationId, {
      ...filter,
      beforeId: cursor,
      limit: limit + 1,
    });
    const items = rows.slice(0, limit);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** The kinds of events that this organization has seen, by name. */
  actions(organizationId: string): Promise<string[]> {
    return this.log.actions(organizationId);
  }
}
