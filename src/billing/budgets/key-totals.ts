import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/index.js';
import { KeySpendCap } from '../../auth/index.js';
import { newId } from '../../kernel/ids.js';
import { type Nano, printMoney } from '../../kernel/money.js';
import type { Tx } from '../../platform/database/index.js';
import { refuseTooMany } from './budget-count.js';

/** The spend cap of a key is an ordinary budget: of that key, in total. */
@Injectable()
export class KeyTotals extends KeySpendCap {
  constructor(private readonly audit: AuditTrail) {
    super();
  }

  async create(
    tx: Tx,
    { organizationId, keyId, actor }: { organizationId: string; keyId: string; actor: string },
    limit: Nano,
  ): Promise<void> {
    await refuseTooMany(tx, organizationId);
    const id = newId();
    await tx.query(
      `INSERT INTO budgets (organization_id, id, scope, scope_id, window_kind, limit_nano, created_by) VALUES ($1, $2, 'key', $3, 'total', $4, $5)`,
      [organizationId, id, keyId, limit, actor],
    );
    await this.audit.record(tx, {
      organizationId,
      actor,
      action: 'budget.create',
      target: `budget:${id}`,
      details: { scope: 'key', scopeId: keyId, window: 'total', limit: printMoney(limit) },
    });
  }
}
