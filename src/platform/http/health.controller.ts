import { Controller, Inject } from '@nestjs/common';
import { systemClock } from '../../kernel/clock.js';
import type { AnswerOf } from '../../kernel/route.js';
import { UnitOfWork } from '../database/index.js';
import type { HotStore } from '../redis/index.js';
import { Handles } from './handles.js';
import { livez, readyz } from './health.contract.js';
import { HOT_STORE, VERSION } from './tokens.js';

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

  @Handles(readyz)
  async ready(): Promise<AnswerOf<typeof readyz>> {
    await this.database.read('SELECT 1');
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
