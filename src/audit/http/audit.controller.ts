import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { AuditTrail } from '../audit-trail.js';
import { listAudit, listAuditActions } from '../audit.contract.js';

@Controller()
export class AuditController {
  constructor(private readonly trail: AuditTrail) {}

  @Handles(listAudit)
  list(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listAudit>,
  ): Promise<AnswerOf<typeof listAudit>> {
    return this.trail.list(user.organizationId, input.query);
  }

  @Handles(listAuditActions)
  async actions(@Caller('user') user: UserPrincipal): Promise<AnswerOf<typeof listAuditActions>> {
    return { items: await this.trail.actions(user.organizationId) };
  }
}
