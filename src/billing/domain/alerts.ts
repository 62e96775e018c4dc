import { type Nano, printMoney } from '../../kernel/money.js';
import type { WorkingSet } from './working-set.js';

export const THRESHOLDS = [50, 75, 90, 100] as const;

interface Gauge {
  alertedSpent: number;
  alertedCommitted: number;
}

/** Announces each threshold once per window, for what is spent and for what is spent or leased. Call it once, after all commands. */
export function announceThresholds(set: WorkingSet): void {
  for (const key of set.changes.windows) {
    const window = set.windows.get(key);
    const budget = window && set.budgets.get(window.budgetId);
    if (!window || !budget) continue;
    announce(
      set,
      window,
      { limit: budget.limit, settled: window.settled, reserved: window.reserved },
      {
        scope: budget.scope,
        scopeId: budget.scopeId,
        scopeName: budget.scopeName,
        budgetId: budget.id,
        window: budget.window,
        start: window.start,
      },
    );
  }
  for (const projectId of set.changes.accounts) {
    const account = set.accounts.get(projectId);
    const project = set.projects.get(projectId);
    if (!account || !project) continue;
    announce(
      set,
      account,
      { limit: account.deposited, settled: account.settled, reserved: account.reserved },
      {
        scope: 'balance',
        scopeId: projectId,
        scopeName: project.name,
      },
    );
  }
}

function announce(
  set: WorkingSet,
  gauge: Gauge,
  figures: { limit: Nano; settled: Nano; reserved: Nano },
  about: Record<string, string>,
): void {
  const { limit, settled, reserved } = figures;
  const spent = reached(settled, limit);
  const committed = reached(settled + reserved, limit);
  const tell = (of: 'spent' | 'committed', before: number, now: number): void => {
    for (const threshold of THRESHOLDS.filter((value) => value > before && value <= now)) {
      set.changes.events.push({
        kind: 'budget.threshold',
        payload: {
          ...about,
          of,
          threshold,
          limit: printMoney(limit),
          spent: printMoney(settled),
          leased: printMoney(reserved),
        },
      });
    }
  };
  tell('spent', gauge.alertedSpent, spent);
  tell('committed', gauge.alertedCommitted, committed);
  gauge.alertedSpent = Math.max(gauge.alertedSpent, spent);
  gauge.alertedCommitted = Math.max(gauge.alertedCommitted, committed);
}

/** @returns the highest threshold that the amount has reached, in percent of the limit; 0 for none */
export function reached(amount: Nano, limit: Nano): number {
  if (limit <= 0n) return amount > 0n ? 100 : 0;
  return THRESHOLDS.findLast((threshold) => amount * 100n >= limit * BigInt(threshold)) ?? 0;
}
