import { AppError } from '../../kernel/errors.js';

/** Lets a few run at a time and a few more wait; refuses the rest at once, so that a flood cannot grow a queue. */
export class BoundedQueue {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limits: { readonly running: number; readonly waiting: number }) {}

  /** @throws {AppError} RATE_LIMITED when too many wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.limits.running) await this.wait();
    else this.running++;
    try {
      return await work();
    } finally {
      // The place is handed over, not freed, so that nobody can slip in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }

  private wait(): Promise<void> {
    if (this.waiting.length >= this.limits.waiting) {
      throw new AppError(
        'RATE_LIMITED',
        'Too many people sign in at this moment; try again in a few seconds.',
        { retryAfterSeconds: 3 },
      );
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
