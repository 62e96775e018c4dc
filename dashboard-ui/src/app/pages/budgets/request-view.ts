import type { Schemas } from '../../api/client';
import type { Tone } from '../../ui';
import { type Budget, windowLabel } from './budget-view';

export type Ask = Schemas['BudgetAsk'];

export const askLabel: Record<Ask['state'], string> = {
  open: 'Open',
  approved: 'Approved',
  declined: 'Declined',
};
export const askTone: Record<Ask['state'], Tone> = {
  open: 'accent',
  approved: 'ok',
  declined: 'neutral',
};

/** What more is asked of: a budget, or the balance of the project. */
export function askedOf(ask: Ask, budgets: readonly Budget[] | undefined): string {
  if (ask.budgetId === null) return 'balance of the project';
  const budget = budgets?.find(({ id }) => id === ask.budgetId);
  return budget ? `budget of ${budget.scopeName}, ${windowLabel[budget.window]}` : 'budget';
}
