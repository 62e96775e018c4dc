import { Injectable } from '@nestjs/common';
import type { AnswerOf } from '../../kernel/route.js';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';
import type { createBudget } from '../budgets.contract.js';
import { type Calendar, nextReset, type Window, windowStart } from '../domain/windows.js';
import type { BudgetScope } from '../domain/budgets.js';
import { maxNano } from '../../kernel/money.js';

export type BudgetView = AnswerOf<typeof createBudget>;
type Reader = Pick<Tx, 'query'>;

export interface BudgetRow {
  id: string;
  scope: BudgetScope;
  scopeId: string;
  scopeName: string;
  window: Window;
  limit: bigint;
  raised: bigint;
  models: string[];
  tags: string[];
  createdAt: Date;
}

const SELECT = `
  SELECT b.id, b.scope, b.scope_id AS "scopeId", b.window_kind AS window, b.limit_nano AS "limit", b.models, b.tags, b.created_at AS "createdAt",
    CASE b.scope
      WHEN 'organization' THEN (SELECT o.name FROM organizations o WHERE o.id = b.organization_id)
      WHEN 'project' THEN (SELECT p.name FROM projects p WHERE p.organization_id = b.organization_id AND p.id::text = b.scope_id)
      WHEN 'key' THEN (SELECT k.name FROM iron_cage_keys k WHERE k.organization_id = b.organization_id AND k.id = b.scope_id)
      ELSE coalesce((SELECT u.name FROM users u WHERE u.id::text = b.scope_id), b.scope_id) END AS "scopeName",
    coalesce((
      SELECT sum(r.amount_nano) FROM budget_raises r
      WHERE r.organization_id = b.organization_id AND r.budget_id = b.id AND r.starts_at <= clock_timestamp() AND r.ends_at > clock_timestamp()), 0)::bigint AS raised
  FROM budgets b
  WHERE b.organization_id = $1 AND b.archived_at IS NULL`;

/** Budgets as rows, and as people see them: with what their current window holds. */
@Injectable()
export class BudgetStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async calendar(organizationId: string, reader?: Reader): Promise<Calendar & { now: Date }> {
    const sql = `SELECT time_zone AS "timeZone", month_starts_on AS "monthStartsOn", clock_timestamp() AS now FROM organizations WHERE id = $1`;
    const [row] = await this.rows<Calendar & { now: Date }>(organizationId, reader, sql);
    if (!row) throw new Error('the organization is gone');
    return row;
  }

  list(
    organizationId: string,
    filter: { scope?: string | undefined; scopeId?: string | undefined },
  ): Promise<BudgetRow[]> {
    return this.unitOfWork.read<BudgetRow>(
      organizationId,
      `${SELECT} AND ($2::text IS NULL OR b.scope = $2) AND ($3::text IS NULL OR b.scope_id = $3) ORDER BY b.id LIMIT 1000`,
      [organizationId, filter.scope ?? null, filter.scopeId ?? null],
    );
  }

  async find(
    organizationId: string,
    budgetId: string,
    reader?: Reader,
  ): Promise<BudgetRow | undefined> {
    const [row] = await this.rows<BudgetRow>(organizationId, reader, `${SELECT} AND b.id = $2`, [
      budgetId,
    ]);
    return row;
  }

  async views(organizationId: string, budgets: readonly BudgetRow[]): Promise<BudgetView[]> {
    const { now, ...calendar } = await this.calendar(organizationId);
    const starts = budgets.map(({ window }) => windowStart(window, now, calendar));
    const held = await this.unitOfWork.read<{
      id: string;
      start: string;
      reserved: bigint;
      settled: bigint;
    }>(
      organizationId,
      `SELECT budget_id AS id, start::text AS start, reserved_nano AS reserved, settled_nano AS settled FROM budget_windows
       WHERE organization_id = $1 AND (budget_id, start) IN (SELECT * FROM unnest($2::uuid[], $3::date[]))`,
      [organizationId, budgets.map(({ id }) => id), starts],
    );
    const byBudget = new Map(held.map((row) => [row.id, row]));
    return budgets.map((budget, index) => {
      const { reserved: leased = 0n, settled: spent = 0n } = byBudget.get(budget.id) ?? {};
      return {
        ...budget,
        windowStart: starts[index] ?? '',
        nextResetAt: nextReset(budget.window, now, calendar),
        spent,
        leased,
        available: maxNano(0n, budget.limit + budget.raised - spent - leased),
      };
    });
  }

  private rows<Row>(
    organizationId: string,
    reader: Reader | undefined,
    sql: string,
    others: readonly unknown[] = [],
  ): Promise<Row[]> {
    const parameters = [organizationId, ...others];
    return reader
      ? reader.query<Row>(sql, parameters)
      : this.unitOfWork.read<Row>(organizationId, sql, parameters);
  }
}
