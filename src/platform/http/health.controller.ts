import { setTimeout } from 'node:timers/promises';
import { Controller, Inject } from '@nestjs/common';
import { systemClock } from '../../kernel/clock.js';
import { AppError } from '../../kernel/errors.js';
import type { AnswerOf } from '../../kernel/route.js';
import { SHARED, UnitOfWork } from '../database/index.js';
import type { HotStore } from '../redis/index.js';
import { Handles } from './handles.js';
import { livez, readyz } from './health.contract.js';
import { HOT_STORE, VERSION } from './tokens.js';

const PROBE_LIMIT_MS = 2_000;

@Controller()
export class HealthController {
  constructor(
    private readonly database: UnitOfWork,
    @Inject(HOT_STORE) private readonly hot: HotStore,
  ) {}

  @Handles(livez)
  live(): AnswerOf<typeof livez> {
    return { status: 'ok' };
  }

  /** A probe waits for a moment, not for the time-out of a query. */
  private async answersInTime(): Promise<void> {
    const late = setTimeout(PROBE_LIMIT_MS, undefined, { ref: false }).then(() => {
      throw new AppError('UNAVAILABLE', 'The database does not answer in time.', {
        retryAfterSeconds: 2,
      });
    });
    await Promise.race([this.database.read(SHARED, 'SELECT 1'), late]);
  }

  @Handles(readyz)
  async ready(): Promise<AnswerOf<typeof readyz>> {
    await this.answersInTime();
    const redis =
      this.hot.redis === undefined ? 'not configured' : (await this.hot.ping()) ? 'ok' : 'down';
    return {
      status: redis === 'down' ? 'degraded' : 'ok',
      database: 'ok',
      redis,
      version: VERSION,
      time: new Date(systemClock.now()).toISOString(),
    };
  }
}
