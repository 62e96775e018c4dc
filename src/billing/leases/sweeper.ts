import { Injectable } from '@nestjs/common';
import { SYSTEM, UnitOfWork } from '../../platform/database/index.js';
import { Jobs } from '../../platform/jobs/index.js';
import { Ledger } from './ledger.service.js';

const PERIOD_MS = 2_000;
const PER_ROUND = 500;
const TIDY_MS = 600_000;

// Leases of all organizations: the one job that looks across tenants, and it only reads ids.
const DUE = `
  SELECT organization_id, project_id, key_id, id FROM leases
  WHERE (state = 'PENDING' AND expires_at <= clock_timestamp()) OR (state = 'EXPIRED_HOLD' AND hold_until <= clock_timestamp())
  LIMIT $1`;

/** A refusal is remembered for longer than a client repeats its request. */
const FORGET_REFUSALS = `DELETE FROM lease_refusals WHERE refused_at < clock_timestamp() - interval '1 hour'`;

/** Agents beat every few seconds; one that was silent for an hour is gone, whatever became of it. */
const END_SILENT_SESSIONS = `UPDATE sessions SET ended_at = last_seen_at WHERE ended_at IS NULL AND last_seen_at < clock_timestamp() - interval '1 hour'`;

/** Ends leases whose time has come. Any number of replicas may do it: an expiry that comes too early or twice does nothing. */
@Injectable()
export class LeaseSweeper {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly ledger: Ledger,
    jobs: Jobs,
  ) {
    jobs.every(PERIOD_MS, 'lease-sweeper', async () => {
      while ((await this.sweep()) === PER_ROUND);
    });
    jobs.every(TIDY_MS, 'lease-tidying', () => this.tidy());
  }

  /** @returns how many leases it looked at */
  async sweep(): Promise<number> {
    const due = await this.unitOfWork.read<{
      organization_id: string;
      project_id: string;
      key_id: string;
      id: string;
    }>(SYSTEM, DUE, [PER_ROUND]);
    await Promise.all(
      due.map((row) =>
        this.ledger.execute(row.organization_id, {
          kind: 'expire',
          projectId: row.project_id,
          keyId: row.key_id,
          leaseId: row.id,
        }),
      ),
    );
    return due.length;
  }

  /** What is of no use any more goes. */
  async tidy(): Promise<void> {
    await this.unitOfWork.read(SYSTEM, FORGET_REFUSALS);
    await this.unitOfWork.read(SYSTEM, END_SILENT_SESSIONS);
  }
}
