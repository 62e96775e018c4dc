import { Injectable } from '@nestjs/common';
import { Jobs } from '../platform/jobs/index.js';
import { AlertStore } from './data/alert-store.js';

const PERIOD_MS = 3_600_000;
const KEPT_DAYS = 90;
const PER_ROUND = 1_000;

/** Alerts are for who looks; the ledger and the audit trail are what is kept. */
@Injectable()
export class AlertRetentionJob {
  constructor(
    private readonly alerts: AlertStore,
    jobs: Jobs,
  ) {
    jobs.every(PERIOD_MS, 'alert-retention', () => this.run());
  }

  /** @returns how many were forgotten */
  async run(): Promise<number> {
    for (let count = 0; ;) {
      const gone = await this.alerts.forgetOlderThan(KEPT_DAYS, PER_ROUND);
      count += gone;
      if (gone < PER_ROUND) return count;
    }
  }
}
