import { Injectable } from '@nestjs/common';
import { newId } from '../../kernel/ids.js';
import type { Tx } from '../../platform/database/index.js';

/** What others are told after the commit, if there is one. */
@Injectable()
export class Outbox {
  async append(
    tx: Tx,
    organizationId: string,
    kind: string,
    payload: Record<string, unknown>,
  ): Promise<void> {
    await tx.query(
      `INSERT INTO outbox_events (organization_id, id, kind, payload, at) VALUES ($1, $2, $3, $4, clock_timestamp())`,
      [organizationId, newId(), kind, JSON.stringify(payload)],
    );
  }
}
