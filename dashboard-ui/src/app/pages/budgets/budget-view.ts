import type { Schemas } from '../../api/client';
import { averageRate, type BurnRate, runOutAt } from '../../core/burn-rate';
import { exactUsd, nano } from '../../core/money';
import { dayStart, startOfDay } from '../../core/time';
import type { Tone } from '../../ui';

export type Budget = Schemas['Budget'];

export const scopeLabel: Record<Budget['scope'], string> = {
  organization: 'Organization',
  project: 'Project',
  member: 'Member',
  key: 'Key',
};
export const windowLabel: Record<Budget['window'], string> = {
  day: 'per day',
  week: 'per week',
  month: 'per month',
  total: 'in total',
};

export const wholeOf = (budget: Budget): bigint => nano(budget.limit) + nano(budget.raised);
const committedOf = (budget: Budget): bigint => nano(budget.spent) + nano(budget.leased);

/** "Contract review, per day": tells one budget from another in sentences and labels of buttons. */
export const nameOf = (budget: Budget): string =>
  `${budget.scopeName}, ${windowLabel[budget.window]}`;

export interface BudgetState {
  readonly label: string;
  readonly text: string;
  readonly tone: Tone;
}

/** What is spent and what is leased both count: no lease is granted from either. */
export function stateOf(budget: Budget): BudgetState {
  const whole = wholeOf(budget);
  const committed = committedOf(budget);
  if (committed >= whole)
    return {
      label: 'Exhausted',
      text:
        nano(budget.spent) >= whole
          ? 'All of it is spent. No lease is granted until it starts anew or is raised.'
          : 'All of it is spent or leased. What agents give back can be leased again.',
      tone: 'bad',
    };
  if (committed * 10n >= whole * 9n)
    return { label: 'Nearly exhausted', text: 'Less than a tenth is free.', tone: 'warn' };
  return { label: 'OK', text: `${exactUsd(nano(budget.available))} is free.`, tone: 'ok' };
}

/** When the current window of a budget began. */
function windowStartMs(budget: Budget, timeZone: string, nowMs: number): number {
  switch (budget.window) {
    case 'total':
      return Date.parse(budget.createdAt);
    case 'day':
      return startOfDay(timeZone, nowMs);
    default:
      return dayStart(budget.windowStart, timeZone);
  }
}

/** Spending of the current window, spread evenly. */
export function rateOf(budget: Budget, timeZone: string, nowMs: number): BurnRate | undefined {
  return averageRate({
    spent: nano(budget.spent),
    windowStartMs: windowStartMs(budget, timeZone, nowMs),
    createdAtMs: Date.parse(budget.createdAt),
    nowMs,
  });
}

/** When the budget is used up at the rate of its window; `undefined` when it starts anew before that. */
export function exhaustedAt(budget: Budget, timeZone: string, nowMs: number): number | undefined {
  const left = nano(budget.available);
  if (left <= 0n) return undefined;
  const atMs = runOutAt(left, rateOf(budget, timeZone, nowMs), nowMs);
  const resetMs = budget.nextResetAt === null ? Infinity : Date.parse(budget.nextResetAt);
  return atMs === undefined || atMs >= resetMs ? undefined : atMs;
}

const SCOPE_ORDER: readonly Budget['scope'][] = ['organization', 'project', 'member', 'key'];
const WINDOW_ORDER: readonly Budget['window'][] = ['day', 'week', 'month', 'total'];

/** The widest first; never by figures, so that live updates do not move rows. */
export function inOrder(budgets: readonly Budget[]): Budget[] {
  return [...budgets].sort(
    (a, b) =>
      SCOPE_ORDER.indexOf(a.scope) - SCOPE_ORDER.indexOf(b.scope) ||
      a.scopeName.localeCompare(b.scopeName) ||
      WINDOW_ORDER.indexOf(a.window) - WINDOW_ORDER.indexOf(b.window) ||
      a.id.localeCompare(b.id),
  );
}
