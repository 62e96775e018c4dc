import { Controller, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  LoginLimits,
  OwnOriginGuard,
  RefreshCookie,
  SignInLimits,
  SignInLimitsGuard,
} from '../../auth/index.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Handles, Input } from '../../platform/http/index.js';
import { SignInService } from '../sign-in.service.js';
import { login, logout, refreshLogin } from '../sign-in.contract.js';

@Controller()
@UseGuards(OwnOriginGuard, SignInLimitsGuard)
export class SignInController {
  constructor(
    private readonly signIn: SignInService,
    private readonly cookie: RefreshCookie,
    private readonly limits: LoginLimits,
  ) {}

  @Handles(login)
  @SignInLimits({ name: 'login', perMinutePerNetwork: 300 })
  async login(
    @Input() input: InputOf<typeof login>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AnswerOf<typeof login>> {
    const { answer, cookie } = await this.limits.attempt(request.ip, input.body.email, () =>
      this.signIn.login(input.body),
    );
    this.cookie.set(request, reply, cookie);
    return answer;
  }

  @Handles(refreshLogin)
  @SignInLimits({ name: 'refresh', perMinutePerNetwork: 600 })
  async refresh(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AnswerOf<typeof refreshLogin>> {
    const { answer, cookie } = await this.signIn.refresh(this.cookie.read(request));
    this.cookie.set(request, reply, cookie);
    return answer;
  }

  @Handles(logout)
  @SignInLimits({ name: 'logout', perMinutePerNetwork: 600 })
  async logout(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.signIn.logout(this.cookie.read(request));
    this.cookie.clear(request, reply);
  }
}
