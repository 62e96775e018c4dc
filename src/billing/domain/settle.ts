import { minNano, type Nano, showMoney } from '../../kernel/money.js';
import type { Expire, Outcome, Refusal, Revoke, Settle, Settled } from './commands.js';
import { grant } from './grant.js';
import { coverDebt, post, repayDebt } from './posting.js';
import { refuse, refuseConflict, refuseUnknown } from './refusals.js';
import {
  budgetsFor,
  chargeUsage,
  reserveInScopes,
  settleInScopes,
  spenderOf,
  windowOf,
} from './scopes.js';
import { type Account, isOpen, type Lease, type LeaseState, MOST_PER_ACCOUNT } from './state.js';
import { countReturned } from './velocity.js';
import { holderKey, settlementKey, type WorkingSet } from './working-set.js';

const SERVER = 'server';

/** Books what was really used, always in full; gives the rest back and grants the next tranche if asked. */
export function settle(set: WorkingSet, command: Settle): Outcome<'settle'> {
  const lease = set.leases.get(command.leaseId);
  const account = set.accounts.get(command.projectId);
  if (!lease || !account || lease.projectId !== command.projectId || lease.keyId !== command.keyId)
    return refuseUnknown('lease');
  if (lease.sessionId !== command.sessionId) {
    return refuse({
      code: 'FORBIDDEN',
      message: 'This lease belongs to another session; only the session that took it may report.',
    });
  }
  const before = set.settlements.get(settlementKey(command.leaseId, command.seq));
  if (before) {
    if (before.requestHash.equals(command.requestHash)) return { ok: true, value: before.answer };
    return refuseConflict(
      `Report ${command.seq} of this lease was booked before with other contents.`,
    );
  }
  if (command.seq !== lease.lastSeq + 1) {
    return refuseConflict(
      `Reports of a lease are numbered without gaps: the next one is ${lease.lastSeq + 1}.`,
      { expectedSeq: lease.lastSeq + 1 },
    );
  }
  const tooMuch = moreThanFits(set, command, lease, account);
  if (tooMuch) return refuse(tooMuch);
  return { ok: true, value: book(set, command, lease, account) };
}

/** No usage is refused but one that no account can hold: it can only be a fault of the client's own prices. */
function moreThanFits(
  set: WorkingSet,
  { usage }: Settle,
  lease: Lease,
  account: Account,
): Refusal | undefined {
  const booked = usage.reduce((sum, line) => sum + line.cost, 0n);
  const windows = [
    ...budgetsFor(set, spenderOf(set, lease), {}).map(({ window }) => window),
    ...lease.scopes.map((scope) => windowOf(set, scope)),
  ];
  const fits = [account, ...windows].every(
    ({ settled, reserved }) => settled + reserved + booked <= 2n * MOST_PER_ACCOUNT,
  );
  if (fits) return undefined;
  return {
    code: 'CONFLICT',
    message: `This report is of ${showMoney(booked)}, more than an account can hold. Nothing was booked; check the costs in it.`,
  };
}

function book(set: WorkingSet, command: Settle, lease: Lease, account: Account): Settled {
  const booked = command.usage.reduce((sum, line) => sum + line.cost, 0n);
  const actor = `key:${command.keyId}`;
  barForeign(set, command, lease);
  const late = bookUsage(set, account, lease, booked, command.seq, actor);
  const budgets = chargeUsage(set, lease, command.usage);
  const returned = command.final && isOpen(lease) ? end(set, account, lease, 'SETTLED', actor) : 0n;
  lease.lastSeq = command.seq;
  set.changes.changedLeases.add(lease.id);
  const answer: Settled = {
    leaseId: lease.id,
    seq: command.seq,
    state: lease.state,
    booked,
    returned,
    late,
    ...(command.next && { next: nextTranche(set, command, command.next) }),
  };
  set.changes.settlements.push({
    leaseId: lease.id,
    seq: command.seq,
    projectId: lease.projectId,
    requestHash: command.requestHash,
    amount: booked,
    budgets,
    answer,
  });
  set.settlements.set(settlementKey(lease.id, command.seq), {
    requestHash: command.requestHash,
    answer,
  });
  for (const line of command.usage) {
    account.usageCount += 1n;
    set.changes.accounts.add(account.projectId);
    set.changes.usage.push({
      ...line,
      number: account.usageCount,
      leaseId: lease.id,
      seq: command.seq,
      projectId: lease.projectId,
      sessionId: lease.sessionId,
      keyId: lease.keyId,
    });
  }
  return answer;
}

/** What was used is booked, whatever it was; but a process that does not keep to the models of its key gets no more money. */
function barForeign(set: WorkingSet, { foreignModels = [] }: Settle, lease: Lease): void {
  const [model] = foreignModels;
  if (model === undefined) return;
  const { keyId, projectId, sessionId } = lease;
  set.changes.events.push({
    kind: 'key.models',
    payload: { keyId, projectId, sessionId, models: foreignModels.slice(0, 20) },
    oncePer: keyId,
  });
  const session = set.sessions.get(sessionId);
  // A project that only observes stops nobody.
  if (session?.barredBy !== null || set.projects.get(projectId)?.mode !== 'enforce') return;
  set.sessions.set(sessionId, { ...session, barredBy: model });
  set.changes.bars.set(sessionId, model);
}

/** @returns the part that the lease did not cover */
function bookUsage(
  set: WorkingSet,
  account: Account,
  lease: Lease,
  cost: Nano,
  seq: number,
  actor: string,
): Nano {
  // A remainder that was charged at the end of the grace time is spent already: a late report first explains that part.
  const explained = minNano(cost, lease.charged);
  lease.charged -= explained;
  lease.used += explained;
  settleInScopes(set, lease.scopes, -explained);
  const covered = isOpen(lease) ? minNano(cost - explained, lease.amount - lease.used) : 0n;
  if (covered > 0n) {
    lease.used += covered;
    reserveInScopes(set, lease.scopes, -covered);
    post(set, account, {
      kind: 'SETTLE',
      legs: { reserved: -covered, spent: covered },
      leaseId: lease.id,
      seq,
      actor,
    });
  }
  const late = cost - explained - covered;
  if (late > 0n) {
    lease.late += late;
    post(set, account, {
      kind: 'LATE',
      legs: { available: -late, spent: late },
      leaseId: lease.id,
      seq,
      actor,
    });
    coverDebt(set, account, actor, lease.id);
  }
  return late;
}

function nextTranche(
  set: WorkingSet,
  command: Settle,
  next: NonNullable<Settle['next']>,
): NonNullable<Settled['next']> {
  const outcome = command.mayNotBorrow ? refuse(command.mayNotBorrow) : grant(set, command, next);
  return outcome.ok
    ? { granted: true, ...outcome.value }
    : { granted: false, error: outcome.refusal };
}

/** Ends an open lease: what is left of it goes back to the balance, or is kept as spent. @returns what went back */
function end(
  set: WorkingSet,
  account: Account,
  lease: Lease,
  state: LeaseState,
  actor: string,
): Nano {
  const rest = lease.amount - lease.used;
  lease.state = state;
  lease.endedAt = set.now;
  lease.holdUntil = null;
  set.changes.changedLeases.add(lease.id);
  const holder = holderKey(lease.projectId, lease.keyId);
  set.openLeases.set(holder, (set.openLeases.get(holder) ?? 1) - 1);
  if (rest === 0n) return 0n;
  reserveInScopes(set, lease.scopes, -rest);
  if (state === 'CHARGED') {
    lease.charged = rest;
    settleInScopes(set, lease.scopes, rest);
    post(set, account, {
      kind: 'CHARGE',
      legs: { reserved: -rest, spent: rest },
      leaseId: lease.id,
      actor,
    });
    return 0n;
  }
  post(set, account, {
    kind: 'RETURN',
    legs: { reserved: -rest, available: rest },
    leaseId: lease.id,
    actor,
  });
  repayDebt(set, account, actor);
  countReturned(account, rest, set.now);
  return rest;
}

export function revoke(set: WorkingSet, command: Revoke): Outcome<'revoke'> {
  const lease = set.leases.get(command.leaseId);
  const account = set.accounts.get(command.projectId);
  if (!lease || !account || lease.projectId !== command.projectId) return refuseUnknown('lease');
  if (lease.state === 'REVOKED') return { ok: true, value: { state: lease.state } };
  if (!isOpen(lease))
    return refuseConflict(`This lease has ended (${lease.state}); there is nothing to revoke.`);
  end(set, account, lease, 'REVOKED', command.actor);
  set.changes.audit.push({
    actor: command.actor,
    action: 'lease.revoke',
    target: `lease:${lease.id}`,
    details: { projectId: lease.projectId },
  });
  return { ok: true, value: { state: lease.state } };
}

/** PENDING → EXPIRED_HOLD at the end of the TTL; EXPIRED_HOLD → RETURNED or CHARGED at the end of the grace time. */
export function expire(set: WorkingSet, command: Expire): Outcome<'expire'> {
  const lease = set.leases.get(command.leaseId);
  const account = set.accounts.get(command.projectId);
  const project = set.projects.get(command.projectId);
  if (!lease || !account || !project) return refuseUnknown('lease');
  if (lease.state === 'PENDING' && lease.expiresAt <= set.now) {
    lease.state = 'EXPIRED_HOLD';
    lease.holdUntil = new Date(lease.expiresAt.getTime() + project.graceSeconds * 1000);
    set.changes.changedLeases.add(lease.id);
  }
  if (lease.state === 'EXPIRED_HOLD' && lease.holdUntil !== null && lease.holdUntil <= set.now) {
    end(set, account, lease, project.expiryPolicy === 'charge' ? 'CHARGED' : 'RETURNED', SERVER);
  }
  return { ok: true, value: { state: lease.state } };
}
