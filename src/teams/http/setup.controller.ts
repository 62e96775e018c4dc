import { Controller, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  OwnOriginGuard,
  RefreshCookie,
  SignInLimits,
  SignInLimitsGuard,
} from '../../auth/index.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Handles, Input } from '../../platform/http/index.js';
import { SetupService } from '../setup.service.js';
import { completeSetup, getSetup } from '../sign-in.contract.js';

@Controller()
export class SetupController {
  constructor(
    private readonly setup: SetupService,
    private readonly cookie: RefreshCookie,
  ) {}

  @Handles(getSetup)
  state(): Promise<AnswerOf<typeof getSetup>> {
    return this.setup.state();
  }

  @Handles(completeSetup)
  @UseGuards(OwnOriginGuard, SignInLimitsGuard)
  @SignInLimits({ name: 'setup', perMinutePerNetwork: 10 })
  async complete(
    @Input() input: InputOf<typeof completeSetup>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AnswerOf<typeof completeSetup>> {
    const { answer, cookie } = await this.setup.complete(input.body);
    this.cookie.set(request, reply, cookie);
    return answer;
  }
}
