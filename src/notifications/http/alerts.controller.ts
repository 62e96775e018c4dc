import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { listAlerts } from '../alerts.contract.js';
import { Alerts } from '../alerts.service.js';

@Controller()
export class AlertsController {
  constructor(private readonly alerts: Alerts) {}

  @Handles(listAlerts)
  list(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listAlerts>,
  ): Promise<AnswerOf<typeof listAlerts>> {
    return this.alerts.list(user.organizationId, input.query);
  }
}
