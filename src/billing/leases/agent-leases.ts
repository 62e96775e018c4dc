import { Injectable } from '@nestjs/common';
import { AppError, keyRetired } from '../../kernel/errors.js';
import { showMoney } from '../../kernel/money.js';
import type { AgentPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import type { acquireLease, settleLease } from '../agent-billing.contract.js';
import { matchesGlob } from '../domain/budgets.js';
import type { Refusal, UsageLine } from '../domain/commands.js';
import { hashOf } from '../../kernel/request-hash.js';
import { PriceBook } from '../prices/price-book.js';
import { Ledger } from './ledger.service.js';

/** Far above the most expensive call there is; what is beyond can only be a fault, or somebody who wants to do harm. */
const MOST_PER_CALL = 10_000n * 1_000_000_000n;

type UsageRecord = InputOf<typeof settleLease>['body']['usage'][number];

/** What a running agent does with money: borrow, report, renew. */
@Injectable()
export class AgentLeases {
  constructor(
    private readonly ledger: Ledger,
    private readonly prices: PriceBook,
  ) {}

  async acquire(
    agent: AgentPrincipal,
    body: InputOf<typeof acquireLease>['body'],
  ): Promise<AnswerOf<typeof acquireLease>> {
    const refused = whyNotFor(agent, body.purpose);
    if (refused) throw refused;
    return this.ledger.execute(agent.organizationId, {
      kind: 'acquire',
      projectId: agent.projectId,
      keyId: agent.keyId,
      sessionId: body.sessionId,
      requestHash: hashOf(body),
      leaseId: body.leaseId,
      wanted: body.wanted,
      minimum: body.minimum,
      purpose: body.purpose,
    });
  }

  async settle(
    agent: AgentPrincipal,
    { params, body }: InputOf<typeof settleLease>,
  ): Promise<AnswerOf<typeof settleLease>> {
    if (new Set(body.usage.map(({ id }) => id)).size < body.usage.length) {
      throw new AppError('VALIDATION_FAILED', 'Two usage records of this report have the same id.');
    }
    const usage = await this.priced(agent, body.usage);
    const refused = whyNotBorrow(agent, body.next);
    const foreignModels = foreignTo(agent, new Set(usage.map(({ model }) => model)));
    const answer = await this.ledger.execute(agent.organizationId, {
      kind: 'settle',
      projectId: agent.projectId,
      keyId: agent.keyId,
      sessionId: body.sessionId,
      requestHash: hashOf({ ...body, leaseId: params.leaseId }),
      leaseId: params.leaseId,
      seq: body.seq,
      usage,
      final: body.final,
      ...(body.next && { next: body.next }),
      ...(refused && { mayNotBorrow: refusalOf(refused) }),
      ...(foreignModels.length > 0 && { foreignModels }),
    });
    return answer;
  }

  /**
   * The server's own price decides. A model that nothing prices has been used all the same: then the client's figure is booked, and
   * marked so.
   */
  private async priced(
    agent: AgentPrincipal,
    records: readonly UsageRecord[],
  ): Promise<UsageLine[]> {
    const calls = records.map(({ modifiers = [], ...call }) => ({ ...call, modifiers }));
    const prices = await this.prices.priceCalls(agent, calls);
    return records.map((record, index) => {
      const { cost: clientCost, tags = [], modifiers: _modifiers, ...line } = record;
      const priced = prices[index];
      if (!priced) throw new Error('a usage record was not priced');
      const { cost = clientCost, pricing } = priced;
      if (cost > MOST_PER_CALL) {
        throw new AppError(
          'VALIDATION_FAILED',
          `The usage record ${record.id} costs ${showMoney(cost)}; no call does. Nothing was booked: check its tokens and cost.`,
        );
      }
      return {
        ...line,
        clientCost,
        tags,
        cost,
        pricedBy: pricing.source === 'client' ? 'client' : 'table',
        pricing,
      };
    });
  }
}

function refusalOf({ code, message }: AppError): Refusal {
  return { code, message };
}

/** @returns those of the models that the key is not for */
function foreignTo({ models: globs }: AgentPrincipal, used: Iterable<string>): string[] {
  if (globs.length === 0) return [];
  const isAllowed = (model: string): boolean =>
    globs.some((glob) => matchesGlob(glob, model.trim().toLowerCase()));
  return [...used].filter((model) => !isAllowed(model));
}

/**
 * A lease that says for which models it is must stay within those of the key. One that does not say is granted, because a call's model may
 * not be known when money is fetched ahead; what it was used for is looked at in the report.
 */
function whyNotFor(
  agent: AgentPrincipal,
  purpose: { models?: readonly string[] | undefined } | undefined,
): AppError | undefined {
  const [refused] = foreignTo(agent, purpose?.models ?? []);
  if (refused === undefined) return undefined;
  return new AppError(
    'MODEL_NOT_ALLOWED',
    `This key may not be used for ${refused}; it is for ${agent.models.join(', ')}. Use another model, or another key.`,
    { details: { model: refused, allowed: agent.models } },
  );
}

/** What was spent is booked whatever the key may do now; that it may not borrow is the answer to the wish for more. */
function whyNotBorrow(
  agent: AgentPrincipal,
  next: { purpose?: { models?: readonly string[] | undefined } | undefined } | undefined,
): AppError | undefined {
  if (agent.retired !== undefined) return keyRetired(agent.retired);
  if (next === undefined) return undefined;
  return agent.permissions.has('agent:lease')
    ? whyNotFor(agent, next.purpose)
    : new AppError(
        'FORBIDDEN',
        'This key does not have the scope "lease"; create one that has, or give it to this one.',
      );
}
