import type { Cancel, Clock } from '../identity/clock.js';
import type { LeaseBook } from './lease-book.js';
import type { Lease } from './lease.js';

const TICK_MIN_MS = 50;
const TICK_MAX_MS = 5_000;
/** A lease is renewed or returned when this part of its time is over. */
const OLD_AFTER = 0.75;

/** Looks after leases by the clock: reports on time, returns what is not needed. */
export class LeaseUpkeep {
  readonly #book: LeaseBook;
  readonly #clock: Clock;
  readonly #reportIntervalMs: () => number;
  #cancel: Cancel = () => undefined;

  constructor(book: LeaseBook, clock: Clock, reportIntervalMs: () => number) {
    this.#book = book;
    this.#clock = clock;
    this.#reportIntervalMs = reportIntervalMs;
    this.#schedule();
  }

  stop(): void {
    this.#cancel();
  }

  #schedule(): void {
    const delayMs = Math.min(TICK_MAX_MS, Math.max(TICK_MIN_MS, this.#reportIntervalMs() / 4));
    this.#cancel = this.#clock.schedule(delayMs, () => {
      this.#schedule();
      const nowMs = this.#clock.monotonicMs();
      for (const lease of this.#book.leases) this.#look(lease, nowMs);
    });
  }

  #look(lease: Lease, nowMs: number): void {
    if (lease.phase === 'retiring') {
      this.#book.retire(lease);
      return;
    }
    if (lease.phase !== 'open' || lease.plan !== undefined) return;
    const lifeMs = lease.deadlineMs - lease.grantedAtMs;
    const isOld = nowMs >= lease.grantedAtMs + lifeMs * OLD_AFTER;
    const isDue = lease.unreported > 0 && nowMs - lease.lastReportMs >= this.#reportIntervalMs();
    if (!isOld && !isDue) return;
    if (!lease.isIdle) {
      if (isDue) void this.#book.settle(lease, false);
      return;
    }
    const isNeeded = lease.unreported > 0 && !this.#hasOther(lease, nowMs);
    if (isNeeded) this.#book.renewLater(lease);
    else this.#book.retire(lease);
  }

  #hasOther(lease: Lease, nowMs: number): boolean {
    return this.#book.leases.some((other) => other !== lease && other.isDrawable(nowMs));
  }
}
