import { Controller } from '@nestjs/common';
import type { AgentPrincipal, UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { approveAsk, askAsAgent, askForBudget, declineAsk, listAsks } from '../asks.contract.js';
import {
  createBudget,
  listBudgets,
  raiseBudget,
  removeBudget,
  updateBudget,
} from '../budgets.contract.js';
import { createRefill, listRefills, removeRefill } from '../refills.contract.js';
import { Asks } from '../budgets/asks.service.js';
import { Budgets } from '../budgets/budgets.service.js';
import { Refills } from '../budgets/refills.service.js';

@Controller()
export class BudgetsController {
  constructor(
    private readonly budgets: Budgets,
    private readonly asks: Asks,
    private readonly refills: Refills,
  ) {}

  @Handles(listBudgets)
  list(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listBudgets>,
  ): Promise<AnswerOf<typeof listBudgets>> {
    return this.budgets.list(user.organizationId, input.query);
  }

  @Handles(createBudget)
  create(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof createBudget>,
  ): Promise<AnswerOf<typeof createBudget>> {
    return this.budgets.create(user, input.body);
  }

  @Handles(updateBudget)
  update(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof updateBudget>,
  ): Promise<AnswerOf<typeof updateBudget>> {
    return this.budgets.update(user, input);
  }

  @Handles(removeBudget)
  async remove(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof removeBudget>,
  ): Promise<void> {
    await this.budgets.remove(user, input.params.budgetId);
  }

  @Handles(raiseBudget)
  raise(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof raiseBudget>,
  ): Promise<AnswerOf<typeof raiseBudget>> {
    return this.budgets.raise(user, input);
  }

  @Handles(listAsks)
  listAsks(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listAsks>,
  ): Promise<AnswerOf<typeof listAsks>> {
    return this.asks.list(user.organizationId, input.query);
  }

  @Handles(askForBudget)
  ask(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof askForBudget>,
  ): Promise<AnswerOf<typeof askForBudget>> {
    return this.asks.ask(user, input.body);
  }

  @Handles(askAsAgent)
  askAsAgent(
    @Caller('agent') agent: AgentPrincipal,
    @Input() input: InputOf<typeof askAsAgent>,
  ): Promise<AnswerOf<typeof askAsAgent>> {
    return this.asks.ask(agent, { ...input.body, projectId: agent.projectId });
  }

  @Handles(approveAsk)
  approve(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof approveAsk>,
  ): Promise<AnswerOf<typeof approveAsk>> {
    return this.asks.approve(user, input);
  }

  @Handles(declineAsk)
  decline(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof declineAsk>,
  ): Promise<AnswerOf<typeof declineAsk>> {
    return this.asks.decline(user, input.params.askId, input.body.note);
  }

  @Handles(listRefills)
  listRefills(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listRefills>,
  ): Promise<AnswerOf<typeof listRefills>> {
    return this.refills.list(user.organizationId, input.params.projectId);
  }

  @Handles(createRefill)
  createRefill(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof createRefill>,
  ): Promise<AnswerOf<typeof createRefill>> {
    return this.refills.create(user, input);
  }

  @Handles(removeRefill)
  async removeRefill(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof removeRefill>,
  ): Promise<void> {
    await this.refills.remove(user, input.params.projectId, input.params.refillId);
  }
}
