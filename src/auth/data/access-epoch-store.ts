import { Injectable } from '@nestjs/common';
import { SYSTEM, type Tx, UnitOfWork } from '../../platform/database/index.js';

/** How far back a poll looks. Transactions are cut off long before this, so none can commit a change that is older. */
export const EPOCH_WINDOW_SECONDS = 60;

@Injectable()
export class AccessEpochStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async bump(tx: Tx, organizationId: string): Promise<void> {
    await tx.query(
      `INSERT INTO access_epochs (organization_id, epoch, changed_at)
       VALUES ($1, 1, clock_timestamp())
       ON CONFLICT (organization_id)
       DO UPDATE SET epoch = access_epochs.epoch + 1, changed_at = clock_timestamp()`,
      [organizationId],
    );
  }

  /** Of all organizations, those whose access changed a moment ago: numbers only. */
  async recent(): Promise<ReadonlyMap<string, bigint>> {
    const rows = await this.unitOfWork.read<{ organizationId: string; epoch: bigint }>(
      SYSTEM,
      `SELECT organization_id AS "organizationId", epoch FROM access_epochs
        WHERE changed_at > clock_timestamp() - $1::int * interval '1 second'`,
      [EPOCH_WINDOW_SECONDS],
    );
    return new Map(rows.map(({ organizationId, epoch }) => [organizationId, epoch]));
  }
}
