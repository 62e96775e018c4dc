import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { liveEvents, usageByTime, usageSummary } from '../analytics.contract.js';
import { LiveEvents } from '../live-events.js';
import { UsageByTime } from '../usage-by-time.js';
import { UsageSummary } from '../usage-summary.js';

@Controller()
export class AnalyticsController {
  constructor(
    private readonly summary: UsageSummary,
    private readonly times: UsageByTime,
    private readonly live: LiveEvents,
  ) {}

  @Handles(usageSummary)
  usage(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof usageSummary>,
  ): Promise<AnswerOf<typeof usageSummary>> {
    return this.summary.read(user.organizationId, input.query);
  }

  @Handles(usageByTime)
  byTime(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof usageByTime>,
  ): Promise<AnswerOf<typeof usageByTime>> {
    return this.times.read(user.organizationId, input.query);
  }

  @Handles(liveEvents)
  events(@Caller('user') user: UserPrincipal, @Res() reply: FastifyReply): void {
    this.live.open(user, reply);
  }
}
