import { newId } from '../../kernel/ids.js';
import { minNano, type Nano, printMoney } from '../../kernel/money.js';
import { type Account, available, type Entry } from './state.js';
import type { WorkingSet } from './working-set.js';

export interface Posting extends Pick<Entry, 'kind' | 'legs' | 'leaseId' | 'actor'> {
  readonly seq?: number;
  readonly reason?: string | null;
}

/** Books one transaction: the account's figures and the entries move together, or not at all. */
export function post(set: WorkingSet, account: Account, posting: Posting): void {
  const {
    external = 0n,
    available: free = 0n,
    reserved = 0n,
    spent = 0n,
    overdraft = 0n,
  } = posting.legs;
  if (external + free + reserved + spent + overdraft !== 0n)
    throw new Error(`${posting.kind} does not balance`);
  account.deposited -= external;
  account.reserved += reserved;
  account.settled += spent;
  account.overdraft -= overdraft;
  set.changes.accounts.add(account.projectId);
  set.changes.entries.push({
    id: newId(set.now.getTime()),
    projectId: account.projectId,
    kind: posting.kind,
    legs: posting.legs,
    leaseId: posting.leaseId,
    seq: posting.seq ?? null,
    actor: posting.actor,
    reason: posting.reason ?? null,
  });
}

/** After late usage: what is missing becomes debt, so that usage that happened is booked in full. */
export function coverDebt(
  set: WorkingSet,
  account: Account,
  actor: string,
  leaseId: string | null,
): void {
  const missing = -available(account);
  if (missing <= 0n) return;
  if (account.overdraft === 0n) {
    set.changes.events.push({
      kind: 'project.debt',
      payload: { scopeId: account.projectId, leaseId, debt: printMoney(missing) },
      oncePer: account.projectId,
    });
  }
  post(set, account, {
    kind: 'OVERDRAFT',
    legs: { overdraft: -missing, available: missing },
    leaseId,
    actor,
  });
}

/** Before money becomes free again, debt is paid from it. */
export function repayDebt(set: WorkingSet, account: Account, actor: string): void {
  const amount: Nano = minNano(account.overdraft, available(account));
  if (amount <= 0n) return;
  post(set, account, {
    kind: 'OVERDRAFT_REPAID',
    legs: { available: -amount, overdraft: amount },
    leaseId: null,
    actor,
  });
}
