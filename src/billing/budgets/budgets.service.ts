import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/index.js';
import { AppError, notFound } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { printMoney, showMoney } from '../../kernel/money.js';
import { actorOf, type UserPrincipal } from '../../kernel/principal.js';
import { hashOf, isRepetition, usedBefore } from '../../kernel/request-hash.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';
import { Signals } from '../../platform/redis/index.js';
import type { createBudget, listBudgets, raiseBudget, updateBudget } from '../budgets.contract.js';
import { THRESHOLDS } from '../domain/alerts.js';
import { MOST_PER_ACCOUNT } from '../domain/state.js';
import { nextReset } from '../domain/windows.js';
import { refuseTooMany } from './budget-count.js';
import { type BudgetRow, BudgetStore, type BudgetView } from './budget-store.js';

/** A raise of a total has no window to end with. */
const LONGEST_RAISE_MS = 366 * 86_400_000;

const KNOWN: Readonly<Record<string, string>> = {
  project: `SELECT 1 FROM projects WHERE organization_id = $1 AND id::text = $2`,
  member: `SELECT 1 FROM members WHERE organization_id = $1 AND user_id::text = $2`,
  key: `SELECT 1 FROM iron_cage_keys WHERE organization_id = $1 AND id = $2`,
};

/** Limits, and what changes them. What is counted against them is the ledger's. */
@Injectable()
export class Budgets {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: BudgetStore,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
  ) {}

  async list(
    organizationId: string,
    query: InputOf<typeof listBudgets>['query'],
  ): Promise<AnswerOf<typeof listBudgets>> {
    return {
      items: await this.store.views(organizationId, await this.store.list(organizationId, query)),
    };
  }

  async create(
    user: UserPrincipal,
    body: InputOf<typeof createBudget>['body'],
  ): Promise<BudgetView> {
    const { organizationId } = user;
    const { id = newId() } = body;
    const scopeId = scopeIdOf(organizationId, body);
    const requestHash = hashOf(body);
    await this.unitOfWork.run(organizationId, async (tx) => {
      if (await this.isMadeAlready(tx, organizationId, id, requestHash)) return;
      await this.refuseUnknownScope(tx, organizationId, body.scope, scopeId);
      await refuseTooMany(tx, organizationId);
      const made = await tx.query(
        `INSERT INTO budgets (organization_id, id, scope, scope_id, window_kind, limit_nano, models, tags, created_by, request_hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id`,
        [
          organizationId,
          id,
          body.scope,
          scopeId,
          body.window,
          body.limit,
          body.models ?? [],
          body.tags ?? [],
          actorOf(user),
          requestHash,
        ],
      );
      // The same id came twice at once: the other one has just been committed.
      if (made.length === 0 && (await this.isMadeAlready(tx, organizationId, id, requestHash)))
        return;
      await this.record(tx, user, 'budget.create', id, {
        scope: body.scope,
        scopeId,
        window: body.window,
        limit: printMoney(body.limit),
      });
    });
    return this.changed(organizationId, id);
  }

  /** @throws {AppError} CONFLICT when the id was used for another budget */
  private async isMadeAlready(
    tx: Tx,
    organizationId: string,
    budgetId: string,
    requestHash: Buffer,
  ): Promise<boolean> {
    const [before] = await tx.query<{ requestHash: Buffer | null }>(
      'SELECT request_hash AS "requestHash" FROM budgets WHERE organization_id = $1 AND id = $2',
      [organizationId, budgetId],
    );
    return isRepetition(before, requestHash, 'budget');
  }

  async update(
    user: UserPrincipal,
    { params, body }: InputOf<typeof updateBudget>,
  ): Promise<BudgetView> {
    const { organizationId } = user;
    await this.unitOfWork.run(organizationId, async (tx) => {
      const updated = await tx.query(
        `UPDATE budgets SET limit_nano = coalesce($3, limit_nano), models = coalesce($4, models), tags = coalesce($5, tags)
         WHERE organization_id = $1 AND id = $2 AND archived_at IS NULL RETURNING id`,
        [
          organizationId,
          params.budgetId,
          body.limit ?? null,
          body.models ?? null,
          body.tags ?? null,
        ],
      );
      if (updated.length === 0) throw notFound('budget');
      const { limit, raised } = await this.must(tx, organizationId, params.budgetId);
      await this.allowNewAlerts(tx, organizationId, params.budgetId, limit + raised);
      await this.record(tx, user, 'budget.update', params.budgetId, {
        ...body,
        ...(body.limit !== undefined && { limit: printMoney(body.limit) }),
      });
    });
    return this.changed(organizationId, params.budgetId);
  }

  async remove(user: UserPrincipal, budgetId: string): Promise<void> {
    const { organizationId } = user;
    await this.unitOfWork.run(organizationId, async (tx) => {
      const removed = await tx.query(
        `UPDATE budgets SET archived_at = now() WHERE organization_id = $1 AND id = $2 AND archived_at IS NULL RETURNING id`,
        [organizationId, budgetId],
      );
      if (removed.length === 0) throw notFound('budget');
      await this.record(tx, user, 'budget.remove', budgetId, {});
    });
    this.signals.publish({ organizationId, topic: 'budgets' });
  }

  async raise(
    user: UserPrincipal,
    { params, body }: InputOf<typeof raiseBudget>,
  ): Promise<BudgetView> {
    const { organizationId } = user;
    await this.unitOfWork.run(organizationId, (tx) =>
      this.raiseIn(tx, user, params.budgetId, { ...body, id: body.requestId }),
    );
    return this.changed(organizationId, params.budgetId);
  }

  /** For a transaction that does more. @throws {AppError} NOT_FOUND, CONFLICT, VALIDATION_FAILED */
  async raiseIn(
    tx: Tx,
    user: UserPrincipal,
    budgetId: string,
    raise: { id: string; amount: bigint; endsAt?: Date | undefined; reason: string },
  ): Promise<void> {
    const { organizationId } = user;
    // One raise of a budget at a time, so that the same id twice at once finds the first, and a crowd cannot pass the most together.
    await tx.query('SELECT 1 FROM budgets WHERE organization_id = $1 AND id = $2 FOR UPDATE', [
      organizationId,
      budgetId,
    ]);
    const budget = await this.must(tx, organizationId, budgetId);
    if (await this.isRepeated(tx, organizationId, budgetId, raise)) return;
    const { now, ...calendar } = await this.store.calendar(organizationId, tx);
    const endsAt = raise.endsAt ?? nextReset(budget.window, now, calendar);
    if (endsAt === null)
      throw new AppError(
        'VALIDATION_FAILED',
        'A total budget has no window that ends: say when the raise ends (endsAt).',
      );
    if (endsAt <= now || endsAt.getTime() > now.getTime() + LONGEST_RAISE_MS) {
      throw new AppError('VALIDATION_FAILED', 'A raise ends in the future, within a year.');
    }
    const limit = budget.limit + budget.raised + raise.amount;
    if (limit > MOST_PER_ACCOUNT) {
      throw new AppError(
        'CONFLICT',
        `A budget with its raises is at most ${showMoney(MOST_PER_ACCOUNT)}.`,
      );
    }
    const made = await tx.query(
      `INSERT INTO budget_raises (organization_id, id, budget_id, amount_nano, starts_at, ends_at, actor, reason)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id`,
      [organizationId, raise.id, budgetId, raise.amount, now, endsAt, actorOf(user), raise.reason],
    );
    if (made.length === 0) throw usedBefore('raise');
    await this.allowNewAlerts(tx, organizationId, budgetId, limit);
    await this.record(tx, user, 'budget.raise', budgetId, {
      amount: printMoney(raise.amount),
      endsAt: endsAt.toISOString(),
      reason: raise.reason,
    });
  }

  /** @throws {AppError} CONFLICT when the id was used for something else */
  private async isRepeated(
    tx: Tx,
    organizationId: string,
    budgetId: string,
    raise: { id: string; amount: bigint; endsAt?: Date | undefined; reason: string },
  ): Promise<boolean> {
    const [before] = await tx.query<{
      budget_id: string;
      amount_nano: bigint;
      ends_at: Date;
      reason: string;
    }>(
      `SELECT budget_id, amount_nano, ends_at, reason FROM budget_raises WHERE organization_id = $1 AND id = $2`,
      [organizationId, raise.id],
    );
    if (!before) return false;
    const same =
      before.budget_id === budgetId &&
      before.amount_nano === raise.amount &&
      before.reason === raise.reason &&
      (raise.endsAt === undefined || before.ends_at.getTime() === raise.endsAt.getTime());
    if (same) return true;
    throw usedBefore('raise');
  }

  /** Thresholds that are no longer reached under the new limit can be reached once more; the others were told. */
  private async allowNewAlerts(
    tx: Tx,
    organizationId: string,
    budgetId: string,
    limit: bigint,
  ): Promise<void> {
    const reached = (amount: string): string =>
      `coalesce((SELECT max(t) FROM unnest($4::int[]) AS t WHERE (${amount})::numeric * 100 >= $3::numeric * t), 0)`;
    await tx.query(
      `UPDATE budget_windows SET alerted_spent = least(alerted_spent, ${reached('settled_nano')}),
         alerted_committed = least(alerted_committed, ${reached('settled_nano + reserved_nano')})
       WHERE organization_id = $1 AND budget_id = $2`,
      [organizationId, budgetId, limit, THRESHOLDS],
    );
  }

  private async refuseUnknownScope(
    tx: Tx,
    organizationId: string,
    scope: string,
    scopeId: string,
  ): Promise<void> {
    const sql = KNOWN[scope];
    if (sql !== undefined && (await tx.query(sql, [organizationId, scopeId])).length === 0)
      throw notFound(scope);
  }

  private async must(tx: Tx, organizationId: string, budgetId: string): Promise<BudgetRow> {
    const budget = await this.store.find(organizationId, budgetId, tx);
    if (!budget) throw notFound('budget');
    return budget;
  }

  private async changed(organizationId: string, budgetId: string): Promise<BudgetView> {
    this.signals.publish({ organizationId, topic: 'budgets' });
    const row = await this.store.find(organizationId, budgetId);
    const [view] = row ? await this.store.views(organizationId, [row]) : [];
    if (!view) throw notFound('budget');
    return view;
  }

  private record(
    tx: Tx,
    user: UserPrincipal,
    action: string,
    budgetId: string,
    details: Record<string, unknown>,
  ): Promise<void> {
    return this.audit.record(tx, {
      organizationId: user.organizationId,
      actor: actorOf(user),
      action,
      target: `budget:${budgetId}`,
      details,
    });
  }
}

function scopeIdOf(
  organizationId: string,
  { scope, scopeId }: InputOf<typeof createBudget>['body'],
): string {
  if (scope === 'organization') {
    if (scopeId === undefined || scopeId === organizationId) return organizationId;
    throw notFound('organization');
  }
  if (scopeId === undefined)
    throw new AppError('VALIDATION_FAILED', `Say which ${scope} the budget is for (scopeId).`);
  return scopeId;
}
