import { printMoney, showMoney } from '../../kernel/money.js';
import type { BalanceAfter, Outcome, Transfer } from './commands.js';
import { post, repayDebt } from './posting.js';
import { refuse, refuseConflict, refuseUnknown } from './refusals.js';
import { type Account, available } from './state.js';
import type { WorkingSet } from './working-set.js';

/** An account holds at most this much, far below the end of int64 (9.22 × 10¹⁸), so that no sum of its figures can overflow. */
const MOST_PER_ACCOUNT = 4_000_000_000_000_000_000n;

export function transfer(set: WorkingSet, command: Transfer): Outcome<'transfer'> {
  const account = set.accounts.get(command.projectId);
  if (!account) return refuseUnknown('project');
  const before = set.transfers.get(command.requestId);
  if (before) {
    if (before.requestHash.equals(command.requestHash)) return { ok: true, value: before.answer };
    return refuseConflict(
      'This request id was used before for another transfer. Make a new UUID for each transfer.',
    );
  }
  const refused =
    command.direction === 'deposit' ? tooMuch(account, command) : tooLittle(account, command);
  if (refused) return refuse(refused);
  const sign = command.direction === 'deposit' ? 1n : -1n;
  post(set, account, {
    kind: command.direction === 'deposit' ? 'DEPOSIT' : 'WITHDRAWAL',
    legs: { external: -sign * command.amount, available: sign * command.amount },
    leaseId: null,
    actor: command.actor,
    reason: command.reason,
  });
  if (command.direction === 'deposit') repayDebt(set, account, command.actor);
  const answer = balanceOf(account);
  set.transfers.set(command.requestId, { requestHash: command.requestHash, answer });
  set.changes.transfers.push({
    requestId: command.requestId,
    projectId: command.projectId,
    requestHash: command.requestHash,
    answer,
  });
  set.changes.audit.push({
    actor: command.actor,
    action: `money.${command.direction}`,
    target: `project:${command.projectId}`,
    details: {
      amount: printMoney(command.amount),
      reason: command.reason,
      requestId: command.requestId,
    },
  });
  return { ok: true, value: answer };
}

function tooMuch(account: Account, command: Transfer) {
  if (account.deposited + command.amount <= MOST_PER_ACCOUNT) return undefined;
  return {
    code: 'CONFLICT',
    message: `A project holds at most ${showMoney(MOST_PER_ACCOUNT)} in deposits.`,
  } as const;
}

function tooLittle(account: Account, command: Transfer) {
  const free = account.overdraft > 0n ? 0n : available(account);
  if (command.amount <= free) return undefined;
  return {
    code: 'BALANCE_TOO_LOW',
    message: `Only ${showMoney(free)} is free; ${showMoney(account.reserved)} is held by running agents. Withdraw less, or pause the project and wait for its leases to come back.`,
    details: { available: printMoney(free), leased: printMoney(account.reserved) },
  } as const;
}

export function balanceOf(account: Account): BalanceAfter {
  return {
    projectId: account.projectId,
    deposited: account.deposited,
    spent: account.settled,
    leased: account.reserved,
    available: account.overdraft > 0n ? 0n : available(account),
    debt: account.overdraft,
  };
}
