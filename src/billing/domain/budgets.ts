import type { Nano } from '../../kernel/money.js';
import type { LocalDay, Window } from './windows.js';

export const BUDGET_SCOPES = ['organization', 'project', 'member', 'key'] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

/** A limit over a window. Any number of them may apply to one lease; it must fit in all. */
export interface Budget {
  readonly id: string;
  readonly scope: BudgetScope;
  readonly scopeId: string;
  /** For people: whose budget it is. */
  readonly scopeName: string;
  readonly window: Window;
  /** With the raises that are in force now. */
  readonly limit: Nano;
  /** Globs (`gpt-5*`); empty: every model. */
  readonly models: readonly string[];
  /** Empty: every tag. */
  readonly tags: readonly string[];
}

export interface BudgetWindow {
  readonly budgetId: string;
  readonly start: LocalDay;
  reserved: Nano;
  settled: Nano;
  /** Highest threshold in percent that was announced, so that each is announced once. */
  alertedSpent: number;
  alertedCommitted: number;
}

/** A window that holds part of a lease. */
export interface LeaseScope {
  readonly budgetId: string;
  readonly start: LocalDay;
}

/** Who spends. */
export interface Spender {
  readonly organizationId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly memberId: string | null;
}

/** On what. Not told means: it could be anything, so every budget of the spender applies. */
export interface Purpose {
  readonly models?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
}

export const windowKey = ({ budgetId, start }: LeaseScope): string => `${budgetId}/${start}`;

export function appliesTo(budget: Budget, spender: Spender, purpose: Purpose): boolean {
  return concerns(budget, spender) && coversModel(budget, purpose) && coversTag(budget, purpose);
}

function concerns({ scope, scopeId }: Budget, spender: Spender): boolean {
  switch (scope) {
    case 'organization':
      return true;
    case 'project':
      return scopeId === spender.projectId;
    case 'member':
      return scopeId === spender.memberId;
    case 'key':
      return scopeId === spender.keyId;
  }
}

function coversModel({ models }: Budget, { models: wanted }: Purpose): boolean {
  if (models.length === 0 || wanted === undefined) return true;
  return wanted.some((model) => models.some((glob) => matchesGlob(glob, model.toLowerCase())));
}

function coversTag({ tags }: Budget, { tags: wanted }: Purpose): boolean {
  return tags.length === 0 || wanted === undefined || wanted.some((tag) => tags.includes(tag));
}

/** `*` stands for any characters; everything else for itself. Linear: each part is searched once, from left to right. */
export function matchesGlob(glob: string, text: string): boolean {
  const [first = '', ...rest] = glob.toLowerCase().split('*');
  if (rest.length === 0) return text === first;
  if (!text.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let from = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}

/** Below zero after late usage, or when the limit was lowered below what is spent. */
export function roomOf(budget: Budget, window: BudgetWindow): Nano {
  return budget.limit - window.settled - window.reserved;
}
