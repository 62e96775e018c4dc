import { maxNano, type Nano, printMoney, showMoney } from '../../kernel/money.js';
import { reached } from './alerts.js';
import type { BalanceAfter, Outcome, Refill, Refusal, Transfer } from './commands.js';
import { coverDebt, post, repayDebt } from './posting.js';
import { refuse, refuseConflict, refuseUnknown } from './refusals.js';
import { type Account, available, freeOf, MOST_PER_ACCOUNT } from './state.js';
import type { WorkingSet } from './working-set.js';

const SERVER = 'server';

const KINDS = { deposit: 'DEPOSIT', withdrawal: 'WITHDRAWAL', correction: 'CORRECTION' } as const;

/** Money in or out by a person; the same request id moves it once. */
export function transfer(set: WorkingSet, command: Transfer): Outcome<'transfer'> {
  const account = set.accounts.get(command.projectId);
  if (!account) return refuseUnknown('project');
  const before = repetition(set, command);
  if (before) return before;
  const change = command.direction === 'withdrawal' ? -command.amount : command.amount;
  const refused =
    (command.direction === 'withdrawal' ? tooLittle(account, command.amount) : undefined) ??
    tooMuch(account, change);
  if (refused) return refuse(refused);
  return move(set, account, change, {
    ...command,
    kind: KINDS[command.direction],
    action: `money.${command.direction}`,
  });
}

/** Money in by a rule: how much is decided here, under the lock. */
export function refill(set: WorkingSet, command: Refill): Outcome<'refill'> {
  const account = set.accounts.get(command.projectId);
  if (!account) return refuseUnknown('project');
  const before = repetition(set, command);
  if (before) return before;
  const change = refillAmount(command, account);
  const refused = tooMuch(account, change);
  if (refused) return refuse(refused);
  return move(set, account, change, {
    ...command,
    kind: 'DEPOSIT',
    actor: SERVER,
    action: 'money.refill',
  });
}

/** Debt counts: a balance of minus one dollar needs eleven to be set to ten. */
function refillAmount({ mode, amount, cap }: Refill, account: Account): Nano {
  const net = available(account) - account.overdraft;
  switch (mode) {
    case 'add':
      return amount;
    case 'set-to':
      return maxNano(0n, amount - net);
    case 'add-with-cap':
      return maxNano(0n, net + amount > cap ? cap - net : amount);
  }
}

interface Movement {
  readonly kind: 'DEPOSIT' | 'WITHDRAWAL' | 'CORRECTION';
  readonly action: string;
  readonly requestId: string;
  readonly requestHash: Buffer;
  readonly actor: string;
  readonly reason: string | null;
}

function move(
  set: WorkingSet,
  account: Account,
  change: Nano,
  by: Movement,
): { ok: true; value: BalanceAfter } {
  if (change !== 0n) {
    post(set, account, {
      kind: by.kind,
      legs: { external: -change, available: change },
      leaseId: null,
      actor: by.actor,
      reason: by.reason,
    });
    if (change > 0n) repayDebt(set, account, by.actor);
    else coverDebt(set, account, by.actor, null);
    // A new limit: thresholds that are no longer reached can be reached again.
    account.alertedSpent = reached(account.settled, account.deposited);
    account.alertedCommitted = reached(account.settled + account.reserved, account.deposited);
  }
  const answer = balanceOf(account);
  const { projectId } = account;
  set.transfers.set(by.requestId, { requestHash: by.requestHash, answer });
  set.changes.transfers.push({
    requestId: by.requestId,
    projectId,
    requestHash: by.requestHash,
    answer,
  });
  set.changes.audit.push({
    actor: by.actor,
    action: by.action,
    target: `project:${projectId}`,
    details: { amount: printMoney(change), reason: by.reason, requestId: by.requestId },
  });
  return { ok: true, value: answer };
}

function repetition(
  set: WorkingSet,
  { requestId, requestHash }: { requestId: string; requestHash: Buffer },
): Outcome<'transfer'> | undefined {
  const before = set.transfers.get(requestId);
  if (!before) return undefined;
  if (before.requestHash.equals(requestHash)) return { ok: true, value: before.answer };
  return refuseConflict(
    'This request id was used before for another transfer. Make a new UUID for each transfer.',
  );
}

function tooMuch(account: Account, change: Nano): Refusal | undefined {
  const deposited = account.deposited + change;
  if (deposited > MOST_PER_ACCOUNT) {
    return {
      code: 'CONFLICT',
      message: `A project holds at most ${showMoney(MOST_PER_ACCOUNT)} in deposits.`,
    };
  }
  if (deposited < 0n) {
    return {
      code: 'CONFLICT',
      message: `Only ${showMoney(account.deposited)} was ever deposited; no more than that can be taken back.`,
    };
  }
  return undefined;
}

function tooLittle(account: Account, amount: Nano): Refusal | undefined {
  const free = freeOf(account);
  if (amount <= free) return undefined;
  if (account.overdraft > 0n) {
    return {
      code: 'BALANCE_TOO_LOW',
      message: `Nothing is free: ${showMoney(account.overdraft)} of debt must be covered first. A deposit covers it.`,
      details: {
        available: printMoney(free),
        leased: printMoney(account.reserved),
        debt: printMoney(account.overdraft),
      },
    };
  }
  return {
    code: 'BALANCE_TOO_LOW',
    message: `Only ${showMoney(free)} is free; ${showMoney(account.reserved)} is held by running agents. Withdraw less, or pause the project and wait for its leases to come back.`,
    details: { available: printMoney(free), leased: printMoney(account.reserved) },
  };
}

export function balanceOf(
  account: Pick<Account, 'projectId' | 'deposited' | 'settled' | 'reserved' | 'overdraft'>,
): BalanceAfter {
  return {
    projectId: account.projectId,
    deposited: account.deposited,
    spent: account.settled,
    leased: account.reserved,
    available: freeOf(account),
    debt: account.overdraft,
  };
}
