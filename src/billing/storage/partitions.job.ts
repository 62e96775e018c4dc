import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { isBusy, Partitions } from '../../platform/database/index.js';
import { LOGGER, type Logger, Metrics } from '../../platform/telemetry/index.js';

const PERIOD_MS = 3_600_000;

/** Makes the partitions of the next months, long before they are needed, and counts what has none. */
@Injectable()
export class PartitionsJob implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private readonly strays;

  constructor(
    private readonly partitions: Partitions,
    metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.strays = metrics.gauge(
      'iron_cage_partition_strays',
      'Rows that have no month of their own',
      ['table'],
    );
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.run().catch((error: unknown) => {
        this.logger.warn(
          { err: error },
          'partitions could not be made; the next round tries again',
        );
      });
    }, PERIOD_MS);
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** @returns the partitions that it made */
  async run(): Promise<readonly string[]> {
    const made = await this.partitions.createAhead().catch((error: unknown): string[] => {
      if (!isBusy(error)) throw error;
      return [];
    });
    if (made.length > 0) this.logger.info({ made }, 'made partitions for the next months');
    for (const { table, rows } of await this.partitions.countStrays()) {
      this.strays.set({ table }, rows);
      if (rows > 0)
        this.logger.warn(
          { table, rows },
          'rows have no month of their own; they are safe and found',
        );
    }
    return made;
  }
}
