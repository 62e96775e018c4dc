import type { ErrorCode } from '../../kernel/errors.js';
import { maxNano, minNano, type Nano, printMoney, showMoney } from '../../kernel/money.js';
import { whyStopped } from '../../kernel/stopped-project.js';
import { roomOf } from './budgets.js';
import type { Acquire, Outcome, Refusal, Wish } from './commands.js';
import { coverDebt, post } from './posting.js';
import {
  balanceRefusal,
  budgetRefusal,
  refuse,
  refuseConflict,
  refuseUnknown,
  velocityRefusal,
} from './refusals.js';
import { respondToHaste } from './haste.js';
import {
  budgetsFor,
  earliestReset,
  type OpenBudget,
  reserveInScopes,
  spenderOf,
  tightest,
} from './scopes.js';
import { type Account, freeOf, type Lease, MOST_PER_ACCOUNT, type ProjectTerms } from './state.js';
import { countLeased, leasedPerMinute } from './velocity.js';
import { holderKey, type SessionFacts, type WorkingSet } from './working-set.js';

/** However scarce the money, a share is not cut below this part of an ordinary lease. */
const SMALLEST_SHARE = 20n;

/** Refusals that are decisions about money: the same id gets the same one again. The others pass with their cause. */
const REMEMBERED: ReadonlySet<ErrorCode> = new Set(['BUDGET_EXCEEDED']);

type Holder = Pick<Acquire, 'projectId' | 'keyId' | 'sessionId' | 'requestHash'>;

export function acquire(set: WorkingSet, command: Acquire): Outcome<'acquire'> {
  return grant(set, command, command);
}

/** Moves money from the free balance to a lease; a repeated id gets the answer it got before, a refusal too. */
export function grant(set: WorkingSet, holder: Holder, wish: Wish): Outcome<'acquire'> {
  const session = set.sessions.get(holder.sessionId);
  if (session?.projectId !== holder.projectId || session.keyId !== holder.keyId)
    return refuseUnknown('session');
  const before = repetition(set, holder, wish);
  if (before) return before;
  const outcome = decide(set, holder, wish, session);
  if (!outcome.ok && REMEMBERED.has(outcome.refusal.code)) {
    set.changes.refusals.push({ ...holder, leaseId: wish.leaseId, refusal: outcome.refusal });
    set.refusals.set(wish.leaseId, {
      requestHash: holder.requestHash,
      sessionId: holder.sessionId,
      answer: outcome.refusal,
    });
  }
  return outcome;
}

function repetition(set: WorkingSet, holder: Holder, wish: Wish): Outcome<'acquire'> | undefined {
  const lease = set.leases.get(wish.leaseId);
  const refusal = set.refusals.get(wish.leaseId);
  const known = lease ?? refusal;
  if (!known) return undefined;
  if (known.sessionId !== holder.sessionId || !known.requestHash.equals(holder.requestHash)) {
    return refuseConflict(
      'This lease id was used before with another request. Make a new UUIDv7 for each lease.',
    );
  }
  if (refusal) return { ok: false, refusal: refusal.answer };
  return (
    lease && {
      ok: true,
      value: {
        leaseId: lease.id,
        amount: lease.amount,
        ttlSeconds: lease.ttlSeconds,
        nextResetAt: lease.nextResetAt,
      },
    }
  );
}

function decide(
  set: WorkingSet,
  holder: Holder,
  wish: Wish,
  session: SessionFacts,
): Outcome<'acquire'> {
  const project = set.projects.get(holder.projectId);
  const account = set.accounts.get(holder.projectId);
  if (!project || !account) return refuseUnknown('project');
  const over = whyOver(session);
  if (over) return refuse(over);
  const stopped = whyStopped(project);
  if (stopped) return refuse(stopped);
  const held = set.openLeases.get(holderKey(holder.projectId, holder.keyId)) ?? 0;
  if (held >= project.maxOpenLeases) {
    return refuse({
      code: 'TOO_MANY_LEASES',
      message: `This key already holds ${held} open leases, the most that project "${project.name}" allows. Settle some, or raise the project's limit.`,
    });
  }
  const open = budgetsFor(set, spenderOf(set, holder), wish.purpose ?? {});
  const limits: Limits = { project, account, open };
  const affordable = minNano(
    wish.wanted,
    maxNano(project.tranche, wish.minimum),
    shareOf(limits, wish),
  );
  const amount = minNano(affordable, roomOfMinute(set, limits) ?? affordable);
  const refusal =
    tooLittle(set, limits, wish, affordable) ?? tooFast(set, holder, limits, wish, amount);
  if (!refusal) return lend(set, holder, wish, limits, amount);
  if (project.mode === 'enforce') return refuse(refusal);
  set.changes.events.push({
    kind: 'budget.would-refuse',
    payload: { ...refusal.details, code: refusal.code, leaseId: wish.leaseId },
    oncePer: `${project.id}/${refusal.code}/${String(refusal.details?.['scopeId'])}`,
  });
  return lend(
    set,
    holder,
    wish,
    limits,
    minNano(wish.wanted, maxNano(project.tranche, wish.minimum)),
  );
}

/** Why this session borrows no more, whatever there is. */
function whyOver(session: SessionFacts): Refusal | undefined {
  if (session.keyRevoked)
    return {
      code: 'KEY_INVALID',
      message: 'This Iron Cage key is not valid any more. Create a new one in the dashboard.',
    };
  if (session.killed)
    return {
      code: 'SESSION_KILLED',
      message:
        'Somebody stopped this session. Its process gets no more money; a new one may start.',
    };
  if (session.ended)
    return { code: 'SESSION_ENDED', message: 'This session has ended. Start a new one.' };
  if (session.barredBy !== null)
    return {
      code: 'MODEL_NOT_ALLOWED',
      message: `This session used ${session.barredBy}, which its key is not for, and gets no more money. Use the key's models in a new one, or change the key.`,
      details: { model: session.barredBy },
    };
  return undefined;
}

interface Limits {
  readonly project: ProjectTerms;
  readonly account: Account;
  readonly open: readonly OpenBudget[];
}

/**
 * What this lease may take of what is free: all of it when one agent runs, else a fair share, so that the first of many does not take
 * the last money in one piece. A call that needs more than its share gets what it needs.
 */
function shareOf({ project, account, open }: Limits, wish: Wish): Nano {
  const room = maxNano(
    0n,
    minNano(freeOf(account), ...open.map(({ budget, window }) => roomOf(budget, window))),
  );
  if (project.activeSessions <= 1) return room;
  const fair = room / (2n * BigInt(project.activeSessions));
  return minNano(room, maxNano(fair, wish.minimum, project.tranche / SMALLEST_SHARE));
}

function tooLittle(
  set: WorkingSet,
  { project, account, open }: Limits,
  wish: Wish,
  amount: Nano,
): Refusal | undefined {
  if (amount < maxNano(wish.minimum, 1n)) {
    const least = tightest(open);
    return least && roomOf(least.budget, least.window) < freeOf(account)
      ? budgetRefusal(set, least, wish.minimum)
      : balanceRefusal(project, account, wish.minimum);
  }
  return undefined;
}

/** What the velocity limit leaves of the last minute; undefined: there is no such limit. */
function roomOfMinute(set: WorkingSet, { project, account }: Limits): Nano | undefined {
  if (project.velocity === null) return undefined;
  return maxNano(0n, project.velocity - leasedPerMinute(account, set.now));
}

function tooFast(
  set: WorkingSet,
  { keyId }: Holder,
  { project, account }: Limits,
  wish: Wish,
  amount: Nano,
): Refusal | undefined {
  if (project.velocity === null || amount >= maxNano(wish.minimum, 1n)) return undefined;
  const pace = leasedPerMinute(account, set.now);
  set.changes.events.push({
    kind: 'project.velocity',
    payload: {
      scopeId: project.id,
      scopeName: project.name,
      perMinute: printMoney(pace),
      limit: printMoney(project.velocity),
    },
    oncePer: project.id,
  });
  respondToHaste(set, keyId, project, { pace, limit: project.velocity });
  return velocityRefusal(project, {
    perMinute: pace,
    limit: project.velocity,
    minimum: wish.minimum,
  });
}

function lend(
  set: WorkingSet,
  holder: Holder,
  wish: Wish,
  limits: Limits,
  amount: Nano,
): Outcome<'acquire'> {
  const { project, account, open } = limits;
  const full = [account, ...open.map(({ window }) => window)].some(
    ({ settled, reserved }) => settled + reserved + amount > MOST_PER_ACCOUNT,
  );
  if (full)
    return refuseConflict(
      `Nothing holds more than ${showMoney(MOST_PER_ACCOUNT)} in usage and leases.`,
    );
  const actor = `key:${holder.keyId}`;
  const scopes = open.map(({ window: { budgetId, start } }) => ({ budgetId, start }));
  post(set, account, {
    kind: 'GRANT',
    legs: { available: -amount, reserved: amount },
    leaseId: wish.leaseId,
    actor,
  });
  // Only where nothing is enforced can a grant be more than there is.
  coverDebt(set, account, actor, wish.leaseId);
  reserveInScopes(set, scopes, amount);
  countLeased(account, amount, set.now);
  const nextResetAt = earliestReset(set, open);
  const ttlSeconds = project.leaseTtlSeconds;
  addLease(set, holder, { id: wish.leaseId, amount, ttlSeconds, scopes, nextResetAt });
  return { ok: true, value: { leaseId: wish.leaseId, amount, ttlSeconds, nextResetAt } };
}

function addLease(
  set: WorkingSet,
  holder: Holder,
  lease: Pick<Lease, 'id' | 'amount' | 'ttlSeconds' | 'scopes' | 'nextResetAt'>,
): void {
  set.leases.set(lease.id, {
    ...lease,
    projectId: holder.projectId,
    sessionId: holder.sessionId,
    keyId: holder.keyId,
    requestHash: holder.requestHash,
    grantedAt: set.now,
    expiresAt: new Date(set.now.getTime() + lease.ttlSeconds * 1000),
    state: 'PENDING',
    used: 0n,
    late: 0n,
    charged: 0n,
    lastSeq: 0,
    holdUntil: null,
    endedAt: null,
  });
  set.changes.newLeases.add(lease.id);
  const holderOf = holderKey(holder.projectId, holder.keyId);
  set.openLeases.set(holderOf, (set.openLeases.get(holderOf) ?? 0) + 1);
}
