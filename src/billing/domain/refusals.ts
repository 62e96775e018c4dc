import { notFound } from '../../kernel/errors.js';
import { type Nano, printMoney, showMoney } from '../../kernel/money.js';
import type { Refusal } from './commands.js';
import { type Account, available, type ProjectTerms } from './state.js';

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

/** The scope that refused, with everything a person needs to see why. */
export function budgetExceeded(project: ProjectTerms, account: Account, minimum: Nano): Refusal {
  const free = account.overdraft > 0n ? 0n : available(account);
  const held =
    account.reserved > 0n ? `, ${showMoney(account.reserved)} held by running agents` : '';
  const debt =
    account.overdraft > 0n ? ` ${showMoney(account.overdraft)} of debt must be covered first.` : '';
  return {
    code: 'BUDGET_EXCEEDED',
    message: `The balance of project "${project.name}" does not cover this: ${showMoney(minimum)} needed, ${showMoney(free)} free (${showMoney(account.settled)} of ${showMoney(account.deposited)} spent${held}).${debt} Ask an admin for a deposit.`,
    details: {
      scope: 'project',
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

export function notRunning(project: ProjectTerms): Refusal | undefined {
  if (project.state === 'active') return undefined;
  if (project.state === 'archived') {
    return {
      code: 'PROJECT_ARCHIVED',
      message: `Project "${project.name}" is archived; use a key of another project.`,
    };
  }
  const why = project.pauseReason === null ? '' : ` (${project.pauseReason})`;
  return {
    code: 'PROJECT_PAUSED',
    message: `Project "${project.name}" is paused${why}. Somebody with access to the dashboard can resume it.`,
  };
}
