import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { AlertStore } from './data/alert-store.js';

const PERIOD_MS = 3_600_000;
const KEPT_DAYS = 90;
const PER_ROUND = 1_000;

/** Alerts are for who looks; the ledger and the audit trail are what is kept. */
@Injectable()
export class AlertRetentionJob implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly alerts: AlertStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.run().catch((error: unknown) => {
        this.logger.warn({ err: error }, 'cannot forget old alerts; the next round will');
      });
    }, PERIOD_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
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
