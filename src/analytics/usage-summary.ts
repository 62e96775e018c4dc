import { Injectable } from '@nestjs/common';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { UnitOfWork } from '../platform/database/index.js';
import type { usageSummary } from './analytics.contract.js';
import { BY_DAY, BY_MODEL, BY_PROJECT, PER_MINUTE, TOTALS } from './data/usage.sql.js';

type Summary = AnswerOf<typeof usageSummary>;
const DAYS = 14;

@Injectable()
export class UsageSummary {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async read(
    organizationId: string,
    query: InputOf<typeof usageSummary>['query'],
  ): Promise<Summary> {
    const scope = [organizationId, query.projectId ?? null];
    const window = [...scope, query.days ?? DAYS];
    const [totals, perMinute, byModel, byProject, byDay] = await Promise.all([
      this.unitOfWork.read<Pick<Summary, 'today' | 'yesterday' | 'month'>>(
        organizationId,
        TOTALS,
        scope,
      ),
      this.unitOfWork.read<{ minute: Date; cost: bigint; calls: number }>(
        organizationId,
        PER_MINUTE,
        scope,
      ),
      this.unitOfWork.read<Summary['byModel'][number]>(organizationId, BY_MODEL, window),
      this.unitOfWork.read<Summary['byProject'][number]>(organizationId, BY_PROJECT, window),
      this.unitOfWork.read<Summary['byDay'][number]>(organizationId, BY_DAY, window),
    ]);
    const { today = 0n, yesterday = 0n, month = 0n } = totals[0] ?? {};
    return {
      today,
      yesterday,
      month,
      calls: byModel.reduce((sum, { calls }) => sum + calls, 0),
      perMinute: perMinute.map(({ minute, ...row }) => ({ minute: minute.toISOString(), ...row })),
      byModel,
      byProject,
      byDay,
    };
  }
}
