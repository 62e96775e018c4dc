import { Injectable } from '@nestjs/common';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import type { listAlerts } from './alerts.contract.js';
import { AlertStore } from './data/alert-store.js';
import { summaryOf } from './domain/summary.js';

const PAGE_SIZE = 50;

/** What happened that a person should know of, as it was written in the transaction that caused it. */
@Injectable()
export class Alerts {
  constructor(private readonly alerts: AlertStore) {}

  async list(
    organizationId: string,
    { cursor, kind, limit = PAGE_SIZE }: InputOf<typeof listAlerts>['query'],
  ): Promise<AnswerOf<typeof listAlerts>> {
    const filter = { kind, before: cursor, limit: limit + 1 };
    const rows = await this.alerts.page(organizationId, filter);
    const items = rows.slice(0, limit).map(({ payload, keyName, ...row }) => ({
      ...row,
      summary: summaryOf(row.kind, { name: keyName, ...payload }),
      details: payload,
    }));
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }
}
