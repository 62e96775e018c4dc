import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { LOGGER, type Logger, Metrics } from '../telemetry/index.js';

/**
 * What the server does by itself, again and again. A round begins a pause after the end of the one before, so that no two of one job run at
 * once however long one takes; a round that fails is logged and counted, and the next one comes all the same.
 */
@Injectable()
export class Jobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly jobs: Job[] = [];
  private readonly failures;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.failures = metrics.counter(
      'iron_cage_job_failures_total',
      'Rounds of background jobs that failed; the next round tries again',
      ['job'],
    );
  }

  /**
   * Called while the server is put together; the first round comes a pause after it is up.
   *
   * @param name what the log and the metric call it
   * @param pauseMs before the first round, and between two
   */
  every(pauseMs: number, name: string, work: () => Promise<unknown>): void {
    this.failures.inc({ job: name }, 0);
    this.jobs.push(
      new Job(pauseMs, work, (error) => {
        this.failures.inc({ job: name });
        this.logger.warn({ err: error, job: name }, 'a job failed; its next round tries again');
      }),
    );
  }

  onApplicationBootstrap(): void {
    for (const job of this.jobs) job.start();
  }

  /** When all have heard that it is over, and before the database is gone: what runs may end, and nothing new begins. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.jobs.map((job) => job.stop()));
  }
}

class Job {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly pauseMs: number,
    private readonly work: () => Promise<unknown>,
    private readonly failed: (error: unknown) => void,
  ) {}

  start(): void {
    this.timer = setTimeout(() => {
      this.running = this.round();
    }, this.pauseMs).unref();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async round(): Promise<void> {
    try {
      await this.work();
    } catch (error) {
      this.failed(error);
    }
    if (!this.isStopped) this.start();
  }
}
