import { timingSafeEqual } from 'node:crypto';

export interface LoginState {
  readonly tokenHash: Buffer;
  readonly previousHash: Buffer | null;
  /** Ended, expired, or its user is disabled or no longer a member. */
  readonly over: boolean;
  /** The last rotation is so young that its answer may have been lost. */
  readonly withinGrace: boolean;
}

/**
 * - `rotate`: the current token; its successor takes its place
 * - `repeat`: the one before, moments after its rotation; the same successor again
 * - `reuse`: any older one: somebody has a copy, so the login ends
 * - `over`: nothing to refresh
 */
export type Verdict = 'rotate' | 'repeat' | 'reuse' | 'over';

export function judgeRefresh(login: LoginState, hash: Buffer): Verdict {
  if (login.over) return 'over';
  if (timingSafeEqual(login.tokenHash, hash)) return 'rotate';
  const previous = login.previousHash !== null && timingSafeEqual(login.previousHash, hash);
  return previous && login.withinGrace ? 'repeat' : 'reuse';
}
