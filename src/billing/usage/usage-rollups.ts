import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { SYSTEM, UnitOfWork } from '../../platform/database/index.js';
import { LOGGER, type Logger } from '../../platform/telemetry/index.js';
import { BEGIN_PROGRESS, BEHIND, ROLL_UP, TAKE_PROGRESS } from './usage-rollups.sql.js';

const PERIOD_MS = 5_000;
const PROJECTS_PER_ROUND = 500;
/** What one transaction sums up; the rest follows in the next one. */
const LINES_PER_STEP = 20_000;

interface Project {
  readonly organizationId: string;
  readonly projectId: string;
}

/**
 * Sums up usage beside the path of the leases, which pays for nothing but a number in each line. The lines of a project are numbered
 * under the lock of its account, so that commits come in the order of the numbers: whoever sees a number sees all before it, however
 * long a commit took and whatever the clock did. What reads the sums adds the lines that are not in them yet, in the same statement.
 */
@Injectable()
export class UsageRollups implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule();
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.running;
  }

  /** Any number of replicas may do it at once. @returns how many lines were summed up */
  async runDue(): Promise<number> {
    let total = 0;
    for (;;) {
      const behind = await this.unitOfWork.read<Project>(SYSTEM, BEHIND, [PROJECTS_PER_ROUND]);
      let done = 0;
      for (const project of behind) done += await this.sumUp(project);
      total += done;
      // Nothing done: somebody else is at all of them.
      if (done === 0 || behind.length < PROJECTS_PER_ROUND) return total;
    }
  }

  private async sumUp(project: Project): Promise<number> {
    let total = 0;
    for (;;) {
      const lines = await this.step(project);
      total += lines;
      if (lines < LINES_PER_STEP) return total;
    }
  }

  private step({ organizationId, projectId }: Project): Promise<number> {
    return this.unitOfWork.run(organizationId, async (tx) => {
      await tx.query(BEGIN_PROGRESS, [organizationId, projectId]);
      const [progress] = await tx.query<{ number: bigint }>(TAKE_PROGRESS, [
        organizationId,
        projectId,
      ]);
      if (!progress) return 0;
      const [done] = await tx.query<{ lines: number }>(ROLL_UP, [
        organizationId,
        projectId,
        progress.number,
        LINES_PER_STEP,
      ]);
      return done?.lines ?? 0;
    });
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      this.running = this.round();
    }, PERIOD_MS);
    this.timer.unref();
  }

  private async round(): Promise<void> {
    try {
      await this.runDue();
    } catch (error) {
      this.logger.warn({ err: error }, 'usage was not summed up; the next round does it');
    }
    if (this.timer !== undefined) this.schedule();
  }
}
