import { Controller, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { AgentPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { Bootstrap } from '../bootstrap.service.js';
import { endSession, startSession } from '../vault.contract.js';

@Controller()
export class SessionsController {
  constructor(private readonly bootstrap: Bootstrap) {}

  @Handles(startSession)
  start(
    @Caller('agent') agent: AgentPrincipal,
    @Input() input: InputOf<typeof startSession>,
    @Req() request: FastifyRequest,
  ): Promise<AnswerOf<typeof startSession>> {
    return this.bootstrap.start(agent, request.ip, input.body);
  }

  @Handles(endSession)
  async end(
    @Caller('agent') agent: AgentPrincipal,
    @Input() input: InputOf<typeof endSession>,
  ): Promise<void> {
    await this.bootstrap.end(agent, input.params.sessionId);
  }
}
