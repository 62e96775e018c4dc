import { Injectable } from '@nestjs/common';
import { systemClock } from '../kernel/clock.js';
import { AppError } from '../kernel/errors.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { UnitOfWork } from '../platform/database/index.js';
import { LONGEST_DAYS, MOST_ROWS, type usageByTime } from './analytics.contract.js';
import { BY_TIME } from './data/usage.sql.js';

type Answer = AnswerOf<typeof usageByTime>;
type Query = InputOf<typeof usageByTime>['query'];

const MINUTE_MS = 60_000;
const BUCKET_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: 1_440 * MINUTE_MS } as const;
/** Buckets back from now, unless the query says from when. */
const USUAL = { minute: 60, hour: 24, day: 14 } as const;

/** What was spent in each minute, hour or day of a range. */
@Injectable()
export class UsageByTime {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @throws {AppError} VALIDATION_FAILED for a range that is empty or too long */
  async read(organizationId: string, query: Query): Promise<Answer> {
    const { bucket, from, to } = rangeOf(query);
    const rows = await this.unitOfWork.read<Answer['items'][number]>(organizationId, BY_TIME, [
      organizationId,
      query.projectId ?? null,
      bucket,
      from,
      to,
      query.groupBy ?? 'nothing',
      MOST_ROWS + 1,
    ]);
    return { bucket, from, to, items: rows.slice(0, MOST_ROWS), isCut: rows.length > MOST_ROWS };
  }
}

/** Whole buckets: one that the range only touches is in it. */
function rangeOf({ bucket = 'day', from, to }: Query): Pick<Answer, 'bucket' | 'from' | 'to'> {
  const size = BUCKET_MS[bucket];
  const end = Math.ceil((to?.getTime() ?? systemClock.now() + 1) / size) * size;
  const start = from
    ? Math.floor(from.getTime() / size) * size
    : end - USUAL[bucket] * BUCKET_MS[bucket];
  const days = LONGEST_DAYS[bucket];
  if (end <= start || end - start > days * BUCKET_MS.day) {
    throw new AppError(
      'VALIDATION_FAILED',
      `Give a range that ends after it begins; for buckets of a ${bucket} of at most ${days === 1 ? 'one day' : `${days} days`}.`,
    );
  }
  return { bucket, from: new Date(start), to: new Date(end) };
}
