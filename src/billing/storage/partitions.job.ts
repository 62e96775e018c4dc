import { Inject, Injectable } from '@nestjs/common';
import { isBusy, Partitions } from '../../platform/database/index.js';
import { Jobs } from '../../platform/jobs/index.js';
import { LOGGER, type Logger, Metrics } from '../../platform/telemetry/index.js';

const PERIOD_MS = 3_600_000;

/** Makes the partitions of the next months, long before they are needed, and counts what has none. */
@Injectable()
export class PartitionsJob {
  private readonly strays;

  constructor(
    private readonly partitions: Partitions,
    metrics: Metrics,
    jobs: Jobs,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    jobs.every(PERIOD_MS, 'partitions', () => this.run());
    this.strays = metrics.gauge(
      'iron_cage_partition_strays',
      'Rows that have no month of their own',
      ['table'],
    );
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
