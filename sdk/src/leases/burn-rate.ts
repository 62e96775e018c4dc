import { maxNano, minNano, type NanoUsd } from '../money/money.js';

const WINDOW_MS = 60_000;
const BUCKETS = 12;
const BUCKET_MS = WINDOW_MS / BUCKETS;
/** However little is spent, a lease is not cut below this part of an ordinary one: each costs an exchange. */
const SMALLEST_PART = 10n;

/** What this process spent in the last minute, in five-second steps: a lease need not be larger than that. */
export class BurnRate {
  readonly #spent = new Array<NanoUsd>(BUCKETS).fill(0n);
  readonly #startMs: number;
  #step: number;

  constructor(nowMs: number) {
    this.#startMs = nowMs;
    this.#step = Math.floor(nowMs / BUCKET_MS);
  }

  /** @param nowMs milliseconds of the monotonic clock */
  add(costNano: NanoUsd, nowMs: number): void {
    this.#roll(nowMs);
    const index = this.#step % BUCKETS;
    this.#spent[index] = (this.#spent[index] ?? 0n) + costNano;
  }

  /**
   * How much to borrow: about a minute of what is being spent, at most an ordinary lease. In its first minute a process borrows an
   * ordinary lease, because nothing is known yet.
   */
  tranche(ordinaryNano: NanoUsd, nowMs: number): NanoUsd {
    this.#roll(nowMs);
    if (nowMs - this.#startMs < WINDOW_MS) return ordinaryNano;
    const minute = this.#spent.reduce((sum, cost) => sum + cost, 0n);
    return minNano(ordinaryNano, maxNano(minute, ordinaryNano / SMALLEST_PART));
  }

  #roll(nowMs: number): void {
    const step = Math.floor(nowMs / BUCKET_MS);
    for (let passed = this.#step + 1; passed <= Math.min(step, this.#step + BUCKETS); passed++) {
      this.#spent[passed % BUCKETS] = 0n;
    }
    this.#step = Math.max(this.#step, step);
  }
}
