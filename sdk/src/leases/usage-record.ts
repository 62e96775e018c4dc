import type { Clock } from '../identity/clock.js';
import { formatUsd } from '../money/money.js';
import { RECORD_LIMITS, type Outcome, type WireUsageRecord } from '../wire/protocol.js';
import type { Hold, Priced } from './lease.js';

/** What a finished call really used. */
export interface CallResult extends Priced {
  readonly outcome: Outcome;
  readonly estimated: boolean;
}

/** What is reported of one call. */
export function usageRecord(hold: Hold, result: CallResult, clock: Clock): WireUsageRecord {
  const { provider, model, pricesVersion, startedAtMs, tags = [] } = hold.call;
  const { modifiers = [] } = result;
  const tookMs = Math.max(0, Math.round(clock.monotonicMs() - startedAtMs));
  return {
    id: hold.id,
    provider,
    model,
    outcome: result.outcome,
    estimated: result.estimated,
    tokens: result.tokens,
    cost: formatUsd(result.costNano),
    pricesVersion,
    durationMs: Math.min(tookMs, RECORD_LIMITS.durationMs),
    ...(tags.length > 0 ? { tags } : {}),
    ...(modifiers.length > 0 ? { modifiers } : {}),
  };
}
