import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { SessionDirectory } from '../leases/session-directory.js';
import { killSession, listSessions } from '../sessions.contract.js';

@Controller()
export class AgentSessionsController {
  constructor(private readonly sessions: SessionDirectory) {}

  @Handles(listSessions)
  list(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listSessions>,
  ): Promise<AnswerOf<typeof listSessions>> {
    return this.sessions.list(user.organizationId, input.query);
  }

  @Handles(killSession)
  kill(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof killSession>,
  ): Promise<AnswerOf<typeof killSession>> {
    return this.sessions.kill(user, input);
  }
}
