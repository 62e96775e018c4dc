import { maxNano, minNano, type Nano } from '../../kernel/money.js';
import type { Acquire, Outcome, Wish } from './commands.js';
import { post } from './posting.js';
import { budgetExceeded, notRunning, refuse, refuseConflict, refuseUnknown } from './refusals.js';
import { available } from './state.js';
import { holderKey, type WorkingSet } from './working-set.js';

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
  if (!outcome.ok && outcome.refusal.code === 'BUDGET_EXCEEDED') {
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
      value: { leaseId: lease.id, amount: lease.amount, ttlSeconds: lease.ttlSeconds },
    }
  );
}

function decide(
  set: WorkingSet,
  holder: Holder,
  wish: Wish,
  session: { ended: boolean; keyRevoked: boolean },
): Outcome<'acquire'> {
  const project = set.projects.get(holder.projectId);
  const account = set.accounts.get(holder.projectId);
  if (!project || !account) return refuseUnknown('project');
  if (session.keyRevoked)
    return refuse({
      code: 'KEY_INVALID',
      message: 'This Iron Cage key is not valid any more. Create a new one in the dashboard.',
    });
  if (session.ended)
    return refuse({ code: 'SESSION_ENDED', message: 'This session has ended. Start a new one.' });
  const stopped = notRunning(project);
  if (stopped) return refuse(stopped);
  const open = set.openLeases.get(holderKey(holder.projectId, holder.keyId)) ?? 0;
  if (open >= project.maxOpenLeases) {
    return refuse({
      code: 'TOO_MANY_LEASES',
      message: `This key already holds ${open} open leases, the most that project "${project.name}" allows. Settle some, or raise the project's limit.`,
    });
  }
  const free = account.overdraft > 0n ? 0n : available(account);
  const amount = minNano(wish.wanted, maxNano(project.tranche, wish.minimum), free);
  if (amount < maxNano(wish.minimum, 1n)) {
    return refuse(budgetExceeded(project, account, wish.minimum));
  }
  post(set, account, {
    kind: 'GRANT',
    legs: { available: -amount, reserved: amount },
    leaseId: wish.leaseId,
    actor: `key:${holder.keyId}`,
  });
  addLease(set, holder, wish.leaseId, amount, project.leaseTtlSeconds);
  return {
    ok: true,
    value: { leaseId: wish.leaseId, amount, ttlSeconds: project.leaseTtlSeconds },
  };
}

function addLease(
  set: WorkingSet,
  holder: Holder,
  id: string,
  amount: Nano,
  ttlSeconds: number,
): void {
  set.leases.set(id, {
    id,
    projectId: holder.projectId,
    sessionId: holder.sessionId,
    keyId: holder.keyId,
    amount,
    ttlSeconds,
    requestHash: holder.requestHash,
    grantedAt: set.now,
    expiresAt: new Date(set.now.getTime() + ttlSeconds * 1000),
    state: 'PENDING',
    used: 0n,
    late: 0n,
    charged: 0n,
    lastSeq: 0,
    holdUntil: null,
    endedAt: null,
  });
  set.changes.newLeases.add(id);
  const holderOf = holderKey(holder.projectId, holder.keyId);
  set.openLeases.set(holderOf, (set.openLeases.get(holderOf) ?? 0) + 1);
}
