import type { Nano } from '../../kernel/money.js';

const MINUTE_MS = 60_000;

/** Money that left a project's balance lately: two whole minutes are enough for a sliding one. */
export interface Pace {
  minuteStart: Date | null;
  thisMinute: Nano;
  lastMinute: Nano;
}

/**
 * Nano-dollars leased in the last sixty seconds: all of this minute, and of the one before the share that is still within sixty seconds,
 * as if it had been leased evenly. Rounded up.
 */
export function leasedPerMinute(pace: Pace, now: Date): Nano {
  roll(pace, now);
  const passedMs = BigInt(now.getTime() - (pace.minuteStart?.getTime() ?? now.getTime()));
  const share = pace.lastMinute * (BigInt(MINUTE_MS) - passedMs);
  return pace.thisMinute + (share + BigInt(MINUTE_MS) - 1n) / BigInt(MINUTE_MS);
}

export function countLeased(pace: Pace, amount: Nano, now: Date): void {
  roll(pace, now);
  pace.thisMinute += amount;
}

/** What comes back unspent was not spent: a crowd of short agents must not look like a fast one. */
export function countReturned(pace: Pace, amount: Nano, now: Date): void {
  roll(pace, now);
  pace.thisMinute = pace.thisMinute > amount ? pace.thisMinute - amount : 0n;
}

function roll(pace: Pace, now: Date): void {
  const start = new Date(Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS);
  const passed =
    pace.minuteStart === null ? 2 : (start.getTime() - pace.minuteStart.getTime()) / MINUTE_MS;
  // A clock that was set back: what was leased counts from then on, and not for as long as the clock needs to come back to it.
  if (passed < 0) pace.minuteStart = start;
  if (passed <= 0) return;
  pace.lastMinute = passed === 1 ? pace.thisMinute : 0n;
  pace.thisMinute = 0n;
  pace.minuteStart = start;
}
