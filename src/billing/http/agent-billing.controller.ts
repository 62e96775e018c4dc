import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { AgentPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { acquireLease, heartbeat, sessionEvents, settleLease } from '../agent-billing.contract.js';
import { AgentLeases } from '../leases/agent-leases.js';
import { SessionWatch } from '../leases/session-watch.js';

@Controller()
export class AgentBillingController {
  constructor(
    private readonly leases: AgentLeases,
    private readonly watch: SessionWatch,
  ) {}

  @Handles(acquireLease)
  acquire(
    @Caller('agent') agent: AgentPrincipal,
    @Input() input: InputOf<typeof acquireLease>,
  ): Promise<AnswerOf<typeof acquireLease>> {
    return this.leases.acquire(agent, input.body);
  }

  @Handles(settleLease)
  settle(
    @Caller('agent') agent: AgentPrincipal,
    @Input() input: InputOf<typeof settleLease>,
  ): Promise<AnswerOf<typeof settleLease>> {
    return this.leases.settle(agent, input);
  }

  @Handles(heartbeat)
  heartbeat(
    @Caller('agent') agent: AgentPrincipal,
    @Input() input: InputOf<typeof heartbeat>,
  ): Promise<AnswerOf<typeof heartbeat>> {
    return this.watch.heartbeat(agent, input.params.sessionId);
  }

  @Handles(sessionEvents)
  async events(
    @Caller('agent') agent: AgentPrincipal,
    @Input() input: InputOf<typeof sessionEvents>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.watch.stream(agent, input.params.sessionId, reply);
  }
}
