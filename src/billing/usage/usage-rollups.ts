import { Injectable } from '@nestjs/common';
import { SYSTEM, UnitOfWork } from '../../platform/database/index.js';
import { eachInTurn, Jobs } from '../../platform/jobs/index.js';
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
export class UsageRollups {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    jobs: Jobs,
  ) {
    jobs.every(PERIOD_MS, 'usage-rollups', () => this.runDue());
  }

  /**
   * Any number of replicas may do it at once.
   *
   * @returns how many lines were summed up
   * @throws the first failure, after all other projects had their turn
   */
  async runDue(): Promise<number> {
    let total = 0;
    for (;;) {
      const behind = await this.unitOfWork.read<Project>(SYSTEM, BEHIND, [PROJECTS_PER_ROUND]);
      let done = 0;
      await eachInTurn(behind, async (project) => {
        done += await this.sumUp(project);
      });
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
}
