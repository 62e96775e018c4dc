import { type SchemaPath, validate } from '@angular/forms/signals';
import { clockWithZone, localInput, soonClock } from '../../core/time';
import type { Budget } from './budget-view';

/** The server allows a year and a day. */
const LONGEST_MS = 366 * 86_400_000;
const WEEK_MS = 7 * 86_400_000;

/** When a raise ends: as typed in the reader's own zone, or when the window of the budget does. */
export function untilRule(path: SchemaPath<string>, window: Budget['window']): void {
  validate(path, ({ value }) => {
    if (value() === '')
      return window === 'total'
        ? { kind: 'until', message: 'A total never starts anew: say when the raise ends.' }
        : undefined;
    const leftMs = Date.parse(value()) - Date.now();
    return leftMs > 0 && leftMs < LONGEST_MS
      ? undefined
      : { kind: 'until', message: 'Choose a time within a year from now.' };
  });
}

/** For the API; `undefined`: with the window. */
export const untilInstant = (typed: string): string | undefined =>
  typed === '' ? undefined : new Date(typed).toISOString();

export const firstUntil = (window: Budget['window'] | undefined, nowMs: number): string =>
  window === 'total' ? localInput(nowMs + WEEK_MS) : '';

export function untilHint(nextResetAt: string | null, nowMs: number): string {
  const zone = clockWithZone(nowMs).replace(/^\S+ /, '');
  return nextResetAt === null
    ? `In your own time (${zone}).`
    : `In your own time (${zone}). Left empty: until the budget starts anew, ${soonClock(nextResetAt, nowMs)}.`;
}
