import type { LeaseBook } from '../leases/lease-book.js';
import { formatUsd } from '../money/money.js';
import type { RunState, RunStateName } from './run-state.js';

/** What `cage.budget()` tells; amounts are decimal dollars. */
export interface BudgetView {
  readonly state: RunStateName;
  readonly project: { readonly name: string; readonly availableUsd: string | undefined };
  readonly leases: {
    readonly count: number;
    readonly remainingUsd: string;
    readonly heldUsd: string;
  };
  /** What this process has used since it started. */
  readonly spentUsd: string;
}

export function budgetView(projectName: string, state: RunState, book: LeaseBook): BudgetView {
  const open = book.leases.filter(({ phase }) => phase === 'open');
  const sum = (amounts: readonly bigint[]): string =>
    formatUsd(amounts.reduce((total, amount) => total + amount, 0n));
  const { availableNano } = state;
  return {
    state: state.name,
    project: {
      name: projectName,
      availableUsd: availableNano === undefined ? undefined : formatUsd(availableNano),
    },
    leases: {
      count: open.length,
      remainingUsd: sum(open.map((lease) => lease.availableNano)),
      heldUsd: sum(book.leases.map((lease) => lease.heldNano)),
    },
    spentUsd: formatUsd(book.spentNano),
  };
}
