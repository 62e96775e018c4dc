import type { Nano } from '../../kernel/money.js';
import {
  appliesTo,
  type Budget,
  type BudgetWindow,
  type LeaseScope,
  type Purpose,
  roomOf,
  type Spender,
  windowKey,
} from './budgets.js';
import type { UsageLine } from './commands.js';
import type { Lease } from './state.js';
import { nextReset, windowStart } from './windows.js';
import type { WorkingSet } from './working-set.js';

export interface OpenBudget {
  readonly budget: Budget;
  readonly window: BudgetWindow;
}

export function spenderOf(
  set: WorkingSet,
  holder: { projectId: string; keyId: string; sessionId: string },
): Spender {
  return {
    organizationId: set.organizationId,
    projectId: holder.projectId,
    keyId: holder.keyId,
    memberId: set.sessions.get(holder.sessionId)?.memberId ?? null,
  };
}

/** The budgets that a purpose of this spender must fit in, with the windows of now. */
export function budgetsFor(set: WorkingSet, spender: Spender, purpose: Purpose): OpenBudget[] {
  return [...set.budgets.values()]
    .filter((budget) => appliesTo(budget, spender, purpose))
    .map((budget) => ({
      budget,
      window: windowOf(set, {
        budgetId: budget.id,
        start: windowStart(budget.window, set.now, set.calendar),
      }),
    }));
}

export function tightest(open: readonly OpenBudget[]): OpenBudget | undefined {
  return open.reduce<OpenBudget | undefined>(
    (least, one) =>
      least === undefined || roomOf(one.budget, one.window) < roomOf(least.budget, least.window)
        ? one
        : least,
    undefined,
  );
}

export function earliestReset(set: WorkingSet, open: readonly OpenBudget[]): Date | null {
  return open.reduce<Date | null>((earliest, { budget }) => {
    const reset = nextReset(budget.window, set.now, set.calendar);
    return earliest === null || (reset !== null && reset < earliest)
      ? (reset ?? earliest)
      : earliest;
  }, null);
}

/** Part of a lease moves: it is reserved in every window that holds the lease. */
export function reserveInScopes(
  set: WorkingSet,
  scopes: readonly LeaseScope[],
  amount: Nano,
): void {
  for (const scope of scopes) {
    windowOf(set, scope).reserved += amount;
    set.changes.windows.add(windowKey(scope));
  }
}

export function settleInScopes(set: WorkingSet, scopes: readonly LeaseScope[], amount: Nano): void {
  for (const scope of scopes) {
    windowOf(set, scope).settled += amount;
    set.changes.windows.add(windowKey(scope));
  }
}

/**
 * Usage counts against every budget that it matches: in the window that holds the lease, or, for a budget that the lease did not ask
 * about, in the window of now. @returns what counted where
 */
export function chargeUsage(
  set: WorkingSet,
  lease: Lease,
  lines: readonly UsageLine[],
): { budgetId: string; start: string; amount: Nano }[] {
  if (set.budgets.size === 0) return [];
  const spender = spenderOf(set, lease);
  const charges = new Map<string, { budgetId: string; start: string; amount: Nano }>();
  for (const line of lines) {
    for (const budget of set.budgets.values()) {
      if (!appliesTo(budget, spender, { models: [line.model], tags: line.tags })) continue;
      const held = lease.scopes.find(({ budgetId }) => budgetId === budget.id);
      const scope = held ?? {
        budgetId: budget.id,
        start: windowStart(budget.window, set.now, set.calendar),
      };
      const charge = charges.get(windowKey(scope)) ?? { ...scope, amount: 0n };
      charge.amount += line.cost;
      charges.set(windowKey(scope), charge);
    }
  }
  for (const { amount, ...scope } of charges.values()) settleInScopes(set, [scope], amount);
  return [...charges.values()];
}

export function windowOf(set: WorkingSet, scope: LeaseScope): BudgetWindow {
  const window = set.windows.get(windowKey(scope));
  if (!window) throw new Error(`budget window ${windowKey(scope)} was not locked`);
  return window;
}
