/** How much of something there may be: `perSecond` flows in, `burst` is the most that gathers. Both in requests. */
export interface BucketRule {
  readonly perSecond: number;
  readonly burst: number;
}

export interface BucketState {
  tokens: number;
  atMs: number;
}

/** What flowed in since it was last looked at. The script in Redis computes the same. */
export function refill(state: BucketState, rule: BucketRule, nowMs: number): void {
  const elapsedMs = Math.max(0, nowMs - state.atMs);
  state.tokens = Math.min(rule.burst, state.tokens + (elapsedMs * rule.perSecond) / 1000);
  state.atMs = nowMs;
}

/** Seconds until there is a whole token again, rounded up; at least one. */
export function waitSeconds(tokens: number, rule: BucketRule): number {
  return Math.max(1, Math.ceil((1 - tokens) / rule.perSecond));
}
