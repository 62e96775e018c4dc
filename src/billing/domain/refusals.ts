import { notFound } from '../../kernel/errors.js';
import { maxNano, type Nano, printMoney, showMoney } from '../../kernel/money.js';
import { roomOf } from './budgets.js';
import type { Refusal } from './commands.js';
import type { OpenBudget } from './scopes.js';
import { type Account, freeOf, type ProjectTerms } from './state.js';
import { nextReset } from './windows.js';
import type { WorkingSet } from './working-set.js';

export type Refused = { readonly ok: false; readonly refusal: Refusal };

export function refuse(refusal: Refusal): Refused {
  return { ok: false, refusal };
}

export function refuseUnknown(what: string): Refused {
  const { code, message } = notFound(what);
  return refuse({ code, message });
}

export function refuseConflict(message: string, details?: Record<string, unknown>): Refused {
  return refuse({ code: 'CONFLICT', message, ...(details && { details }) });
}

/** The balance refuses: everything that a person needs to see why. */
export function balanceRefusal(project: ProjectTerms, account: Account, minimum: Nano): Refusal {
  const free = freeOf(account);
  const held =
    account.reserved > 0n ? `, ${showMoney(account.reserved)} held by running agents` : '';
  const debt =
    account.overdraft > 0n ? ` ${showMoney(account.overdraft)} of debt must be covered first.` : '';
  return {
    code: 'BUDGET_EXCEEDED',
    message: `The balance of project "${project.name}" does not cover this: ${showMoney(minimum)} needed, ${showMoney(free)} free (${showMoney(account.settled)} of ${showMoney(account.deposited)} spent${held}).${debt} Ask an admin for a deposit.`,
    details: {
      scope: 'balance',
      scopeId: project.id,
      scopeName: project.name,
      limit: printMoney(account.deposited),
      spent: printMoney(account.settled),
      leased: printMoney(account.reserved),
      available: printMoney(free),
      minimum: printMoney(minimum),
      nextResetAt: null,
    },
  };
}

/** A budget refuses: which, how much of it is gone, and when it starts anew. */
export function budgetRefusal(
  set: WorkingSet,
  { budget, window }: OpenBudget,
  minimum: Nano,
): Refusal {
  const free = maxNano(0n, roomOf(budget, window));
  const reset = nextReset(budget.window, set.now, set.calendar);
  const only = budget.models.length > 0 ? ` for ${budget.models.join(', ')}` : '';
  const when = reset === null ? '' : ` It starts anew at ${reset.toISOString()}.`;
  const period = budget.window === 'total' ? 'total' : `${budget.window}'s`;
  return {
    code: 'BUDGET_EXCEEDED',
    message: `The ${period} budget of ${budget.scope} "${budget.scopeName}"${only} does not cover this: ${showMoney(minimum)} needed, ${showMoney(free)} left of ${showMoney(budget.limit)} (${showMoney(window.settled)} spent, ${showMoney(window.reserved)} held by running agents).${when} Ask an admin to raise it.`,
    details: {
      scope: budget.scope,
      scopeId: budget.scopeId,
      scopeName: budget.scopeName,
      budgetId: budget.id,
      window: budget.window,
      limit: printMoney(budget.limit),
      spent: printMoney(window.settled),
      leased: printMoney(window.reserved),
      available: printMoney(free),
      minimum: printMoney(minimum),
      nextResetAt: reset?.toISOString() ?? null,
    },
  };
}

export function velocityRefusal(
  project: ProjectTerms,
  { perMinute, limit, minimum }: { perMinute: Nano; limit: Nano; minimum: Nano },
): Refusal {
  const more = minimum > 0n ? ` and needs ${showMoney(minimum)} now` : '';
  return {
    code: 'VELOCITY_EXCEEDED',
    message: `Project "${project.name}" leased ${showMoney(perMinute)} in the last minute${more}; its limit is ${showMoney(limit)} a minute. Wait a moment, or raise the limit if this pace is meant.`,
    details: {
      scope: 'project',
      scopeId: project.id,
      scopeName: project.name,
      perMinute: printMoney(perMinute),
      limit: printMoney(limit),
      minimum: printMoney(minimum),
    },
  };
}
