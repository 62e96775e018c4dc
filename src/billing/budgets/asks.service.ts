import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/index.js';
import { AppError, notFound } from '../../kernel/errors.js';
import { printMoney, showMoney } from '../../kernel/money.js';
import { actorOf, type Principal, type UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';
import { Signals } from '../../platform/redis/index.js';
import type { approveAsk, listAsks } from '../asks.contract.js';
import { asError, Ledger } from '../leases/ledger.service.js';
import { Budgets } from './budgets.service.js';

type AskView = AnswerOf<typeof approveAsk>;
const MOST_OPEN = 100;

const SELECT = `
  SELECT r.id, r.project_id AS "projectId", p.name AS "projectName", r.budget_id AS "budgetId", r.amount_nano AS amount, r.reason,
    r.requested_by AS "requestedBy", r.requested_at AS "requestedAt", r.state, r.decided_by AS "decidedBy", r.decided_at AS "decidedAt", r.decision_note AS note
  FROM budget_requests r JOIN projects p ON p.organization_id = r.organization_id AND p.id = r.project_id
  WHERE r.organization_id = $1`;

/** Somebody runs out of money and asks; an admin says yes (a raise, or a deposit) or no. */
@Injectable()
export class Asks {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly budgets: Budgets,
    private readonly ledger: Ledger,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
  ) {}

  async list(
    organizationId: string,
    query: InputOf<typeof listAsks>['query'],
  ): Promise<AnswerOf<typeof listAsks>> {
    const limit = query.limit ?? 50;
    const rows = await this.unitOfWork.read<AskView>(
      organizationId,
      `${SELECT} AND ($2::text IS NULL OR r.state = $2) AND ($3::uuid IS NULL OR r.id < $3) ORDER BY r.id DESC LIMIT $4`,
      [organizationId, query.state ?? null, query.cursor ?? null, limit + 1],
    );
    const items = rows.slice(0, limit);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** The same id again is the same request. */
  async ask(
    who: Principal,
    ask: {
      id: string;
      projectId: string;
      budgetId?: string | undefined;
      amount: bigint;
      reason: string;
    },
  ): Promise<AskView> {
    const { organizationId } = who;
    const view = await this.unitOfWork.run(organizationId, async (tx) => {
      const before = await this.find(tx, organizationId, ask.id);
      if (before) return sameOr409(before, ask, actorOf(who));
      await this.refuseUnknown(tx, organizationId, ask);
      const made = await tx.query(
        `INSERT INTO budget_requests (organization_id, id, project_id, budget_id, amount_nano, reason, requested_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id`,
        [
          organizationId,
          ask.id,
          ask.projectId,
          ask.budgetId ?? null,
          ask.amount,
          ask.reason,
          actorOf(who),
        ],
      );
      const view = await this.find(tx, organizationId, ask.id);
      // The same id came twice at once: the other one has just been committed.
      if (made.length === 0) return view && sameOr409(view, ask, actorOf(who));
      await this.record(tx, who, 'budget.ask', ask.id, {
        amount: printMoney(ask.amount),
        reason: ask.reason,
      });
      return view;
    });
    if (!view) throw notFound('request');
    this.signals.publish({ organizationId, topic: 'budgets' });
    return view;
  }

  async approve(
    user: UserPrincipal,
    { params, body }: InputOf<typeof approveAsk>,
  ): Promise<AskView> {
    const { organizationId } = user;
    const amount = await this.begin(user, params.askId, body.amount);
    if (amount !== undefined) await this.deposit(user, params.askId, amount);
    const view = await this.unitOfWork.run(organizationId, async (tx) => {
      const { ask, granting } = await this.lockOpen(tx, organizationId, params.askId);
      const granted = granting ?? body.amount ?? ask.amount;
      if (ask.budgetId !== null) {
        await this.budgets.raiseIn(tx, user, ask.budgetId, {
          id: ask.id,
          amount: granted,
          endsAt: body.endsAt,
          reason: ask.reason,
        });
      }
      const details = { amount: printMoney(granted) };
      return this.decide(tx, user, ask, 'approved', { note: body.note, details });
    });
    this.signals.publish({ organizationId, topic: 'budgets' });
    return view;
  }

  /**
   * A deposit is a transaction of its own: what it will be is written down first, so that an approval that was cut off in between is
   * finished by approving again, with the same amount, and moves the money once.
   *
   * @returns what to deposit; nothing for a raise
   */
  private begin(
    user: UserPrincipal,
    askId: string,
    wanted: bigint | undefined,
  ): Promise<bigint | undefined> {
    const { organizationId } = user;
    return this.unitOfWork.run(organizationId, async (tx) => {
      const { ask, granting } = await this.lockOpen(tx, organizationId, askId);
      if (ask.budgetId !== null) return undefined;
      const amount = granting ?? wanted ?? ask.amount;
      if (wanted !== undefined && wanted !== amount) throw alreadyGranting(amount);
      if (granting === null) await this.setGranting(tx, organizationId, askId, amount);
      return amount;
    });
  }

  async decline(user: UserPrincipal, askId: string, note: string | undefined): Promise<AskView> {
    const { organizationId } = user;
    const view = await this.unitOfWork.run(organizationId, async (tx) => {
      const { ask, granting } = await this.lockOpen(tx, organizationId, askId);
      // The money may have moved, or be moving.
      if (granting !== null) throw alreadyGranting(granting);
      return this.decide(tx, user, ask, 'declined', { note, details: {} });
    });
    this.signals.publish({ organizationId, topic: 'budgets' });
    return view;
  }

  private async deposit(user: UserPrincipal, askId: string, amount: bigint): Promise<void> {
    const { organizationId } = user;
    const ask = await this.unitOfWork.run(organizationId, (tx) =>
      this.find(tx, organizationId, askId),
    );
    if (!ask) throw notFound('request');
    const outcome = await this.ledger.submit(organizationId, {
      kind: 'transfer',
      direction: 'deposit',
      projectId: ask.projectId,
      requestId: ask.id,
      requestHash: createHash('sha256').update(`ask ${ask.id} ${amount}`).digest(),
      amount,
      actor: actorOf(user),
      reason: ask.reason,
    });
    if (outcome.ok) return;
    // Nothing moved: another amount may be tried, or none.
    await this.unitOfWork.run(organizationId, (tx) =>
      this.setGranting(tx, organizationId, askId, null),
    );
    throw asError(outcome.refusal);
  }

  private async setGranting(
    tx: Tx,
    organizationId: string,
    askId: string,
    amount: bigint | null,
  ): Promise<void> {
    await tx.query(
      `UPDATE budget_requests SET granting_nano = $3 WHERE organization_id = $1 AND id = $2 AND state = 'open'`,
      [organizationId, askId, amount],
    );
  }

  private async decide(
    tx: Tx,
    user: UserPrincipal,
    ask: AskView,
    state: 'approved' | 'declined',
    { note, details }: { note: string | undefined; details: Record<string, unknown> },
  ): Promise<AskView> {
    await tx.query(
      `UPDATE budget_requests SET state = $3, decided_by = $4, decided_at = now(), decision_note = $5 WHERE organization_id = $1 AND id = $2`,
      [user.organizationId, ask.id, state, actorOf(user), note ?? null],
    );
    await this.record(tx, user, `budget.ask.${state}`, ask.id, {
      ...details,
      ...(note !== undefined && { note }),
    });
    const view = await this.find(tx, user.organizationId, ask.id);
    if (!view) throw notFound('request');
    return view;
  }

  private async lockOpen(
    tx: Tx,
    organizationId: string,
    askId: string,
  ): Promise<{ ask: AskView; granting: bigint | null }> {
    const [row] = await tx.query<{ granting: bigint | null }>(
      'SELECT granting_nano AS granting FROM budget_requests WHERE organization_id = $1 AND id = $2 FOR UPDATE',
      [organizationId, askId],
    );
    const ask = await this.find(tx, organizationId, askId);
    if (!ask) throw notFound('request');
    if (ask.state !== 'open')
      throw new AppError('CONFLICT', `This request was ${ask.state} already.`);
    return { ask, granting: row?.granting ?? null };
  }

  private async find(tx: Tx, organizationId: string, askId: string): Promise<AskView | undefined> {
    const [row] = await tx.query<AskView>(`${SELECT} AND r.id = $2`, [organizationId, askId]);
    return row;
  }

  private async refuseUnknown(
    tx: Tx,
    organizationId: string,
    ask: { projectId: string; budgetId?: string | undefined },
  ): Promise<void> {
    const [row] = await tx.query<{ project: boolean; budget: boolean; open: number }>(
      `SELECT EXISTS (SELECT 1 FROM projects WHERE organization_id = $1 AND id = $2::uuid) AS project,
         $3::uuid IS NULL OR EXISTS (
           SELECT 1 FROM budgets b WHERE b.organization_id = $1 AND b.id = $3 AND b.archived_at IS NULL AND (
             b.scope IN ('organization', 'member') OR (b.scope = 'project' AND b.scope_id = $2::text)
             OR (b.scope = 'key' AND b.scope_id IN (SELECT k.id FROM iron_cage_keys k WHERE k.organization_id = $1 AND k.project_id = $2::uuid)))) AS budget,
         (SELECT count(*)::int FROM budget_requests WHERE organization_id = $1 AND project_id = $2::uuid AND state = 'open') AS open`,
      [organizationId, ask.projectId, ask.budgetId ?? null],
    );
    if (!row?.project) throw notFound('project');
    if (!row.budget) throw notFound('budget');
    if (row.open >= MOST_OPEN) {
      throw new AppError(
        'TOO_MANY_REQUESTS_OPEN',
        `Project has ${row.open} open requests for more budget; somebody should decide those first.`,
        { retryAfterSeconds: 300 },
      );
    }
  }

  private record(
    tx: Tx,
    who: Principal,
    action: string,
    askId: string,
    details: Record<string, unknown>,
  ): Promise<void> {
    return this.audit.record(tx, {
      organizationId: who.organizationId,
      actor: actorOf(who),
      action,
      target: `budget-request:${askId}`,
      details,
    });
  }
}

function alreadyGranting(amount: bigint): AppError {
  return new AppError(
    'CONFLICT',
    `This request is being approved with ${showMoney(amount)}. If that was cut off, approve it again with that amount.`,
  );
}

function sameOr409(
  before: AskView,
  ask: { projectId: string; amount: bigint; budgetId?: string | undefined; reason: string },
  actor: string,
): AskView {
  const same =
    before.projectId === ask.projectId &&
    before.amount === ask.amount &&
    before.budgetId === (ask.budgetId ?? null) &&
    before.reason === ask.reason &&
    before.requestedBy === actor;
  if (same) return before;
  throw new AppError(
    'CONFLICT',
    'This id was used before for another request. Make a new UUID for each.',
  );
}
