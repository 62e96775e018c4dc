import { type Nano, sumNano } from './money';
import { roughDuration } from './time';

const MINUTE_MS = 60_000;
/** Over less than this, one call would look like a trend. */
const SHORTEST_AVERAGE_MS = 10 * MINUTE_MS;

/** Money per time. `basis` says in plain words where it comes from, because a forecast without its basis misleads. */
export interface BurnRate {
  readonly amount: Nano;
  readonly perMs: number;
  readonly basis: string;
}

/** Spending of the last minutes: from the first in which something was spent until now, ten at least. */
export function recentRate(perMinute: readonly { cost: Nano }[]): BurnRate | undefined {
  const first = perMinute.findIndex(({ cost }) => cost > 0n);
  if (first < 0) return undefined;
  const minutes = Math.max(SHORTEST_AVERAGE_MS / MINUTE_MS, perMinute.length - first);
  return {
    amount: sumNano(perMinute.map(({ cost }) => cost)),
    perMs: minutes * MINUTE_MS,
    basis: `the last ${minutes} minutes`,
  };
}

/** Spending since the later of the window's start and the project's creation, spread evenly. */
export function averageRate(options: {
  spent: Nano;
  windowStartMs: number;
  createdAtMs: number;
  nowMs: number;
}): BurnRate | undefined {
  if (options.spent <= 0n) return undefined;
  const sinceMs = Math.max(options.windowStartMs, options.createdAtMs);
  const perMs = Math.max(SHORTEST_AVERAGE_MS, options.nowMs - sinceMs);
  return { amount: options.spent, perMs, basis: `the last ${roughDuration(perMs)}` };
}

/** The rate that empties a balance first; a careful forecast takes it. */
export function fasterRate(a: BurnRate | undefined, b: BurnRate | undefined): BurnRate | undefined {
  if (!a || !b) return a ?? b;
  // Both durations are below 2^53 and whole, so that the cross product stays exact.
  return a.amount * BigInt(Math.round(b.perMs)) >= b.amount * BigInt(Math.round(a.perMs)) ? a : b;
}

/** When `left` is used up at this rate, in ms since the epoch; `undefined` without a rate, now when nothing is left. */
export function runOutAt(
  left: Nano,
  rate: BurnRate | undefined,
  nowMs: number,
): number | undefined {
  if (left <= 0n) return nowMs;
  if (!rate || rate.amount <= 0n) return undefined;
  return nowMs + Number((left * BigInt(Math.round(rate.perMs))) / rate.amount);
}

/** Nano-dollars per hour, rounded down. */
export function perHour(rate: BurnRate): Nano {
  return (rate.amount * 3_600_000n) / BigInt(Math.max(1, Math.round(rate.perMs)));
}
