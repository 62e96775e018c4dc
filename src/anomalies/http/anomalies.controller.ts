import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import {
  getAnomalyPolicy,
  listAnomalies,
  releaseAnomaly,
  setAnomalyPolicy,
} from '../anomalies.contract.js';
import { Anomalies } from '../anomalies.service.js';

@Controller()
export class AnomaliesController {
  constructor(private readonly anomalies: Anomalies) {}

  @Handles(listAnomalies)
  list(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listAnomalies>,
  ): Promise<AnswerOf<typeof listAnomalies>> {
    return this.anomalies.list(user.organizationId, input.query);
  }

  @Handles(releaseAnomaly)
  release(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof releaseAnomaly>,
  ): Promise<AnswerOf<typeof releaseAnomaly>> {
    return this.anomalies.release(user, input);
  }

  @Handles(getAnomalyPolicy)
  policy(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof getAnomalyPolicy>,
  ): Promise<AnswerOf<typeof getAnomalyPolicy>> {
    return this.anomalies.policy(user.organizationId, input.params.projectId);
  }

  @Handles(setAnomalyPolicy)
  setPolicy(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof setAnomalyPolicy>,
  ): Promise<AnswerOf<typeof setAnomalyPolicy>> {
    return this.anomalies.setPolicy(user, input);
  }
}
