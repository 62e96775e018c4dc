import type { Clock } from '../identity/clock.js';

/** Lets calls wait for the end of other calls. */
export class Completions {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns false when no call has ended within `timeoutMs` */
  next(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const ended = (): void => {
        cancel();
        resolve(true);
      };
      const cancel = this.#clock.schedule(timeoutMs, () => {
        this.#waiting.delete(ended);
        resolve(false);
      });
      this.#waiting.add(ended);
    });
  }

  /** Wakes all that wait. @returns true when somebody did */
  tell(): boolean {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const ended of waiting) ended();
    return waiting.length > 0;
  }
}
