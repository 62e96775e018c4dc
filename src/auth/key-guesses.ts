import { Inject, Injectable } from '@nestjs/common';
import { steadyClock } from '../kernel/clock.js';
import { clientNetwork } from '../kernel/client-network.js';
import { AppError } from '../kernel/errors.js';
import { CONFIG, type Config } from '../platform/config/index.js';
import { type BucketRule, RateLimits } from '../platform/limits/index.js';

const BURST = 100;
const REMEMBER_MS = 5_000;
const CAPACITY = 5_000;

/**
 * Keys that were refused. A network that shows many different ones is no longer looked up for; one agent that repeats the same dead key
 * is answered from memory instead, so that it does not lock out its neighbours.
 */
@Injectable()
export class KeyGuesses {
  private readonly rule: BucketRule;
  private readonly refused = new Map<
    string,
    { readonly error: AppError; readonly untilMs: number }
  >();

  constructor(
    private readonly limits: RateLimits,
    @Inject(CONFIG) config: Config,
  ) {
    const perSecond = config.rateLimits.failures;
    this.rule = { perSecond, burst: Math.ceil(perSecond * BURST) };
  }

  /** @throws {AppError} what the same key was refused with a moment ago; RATE_LIMITED when this network guesses */
  refuseKnown(credential: string, ip: string): void {
    const known = this.refused.get(credential);
    if (known && known.untilMs > steadyClock.now()) throw known.error;
    const left = this.limits.look(this.nameOf(ip), this.rule);
    if (left.allowed) return;
    const { retryAfterSeconds } = left;
    throw new AppError(
      'RATE_LIMITED',
      `Too many keys from your network were refused; try again in ${retryAfterSeconds} seconds.`,
      { retryAfterSeconds, details: { limit: 'failures' }, internal: 'rate limit failures' },
    );
  }

  /**
   * Counts a refusal. What is no refusal (a database that does not answer) is not held against anybody.
   *
   * @returns whether it was one
   */
  note(credential: string, ip: string, error: unknown): boolean {
    if (!(error instanceof AppError) || error.status >= 500) return false;
    this.limits.take(this.nameOf(ip), this.rule);
    if (this.refused.size >= CAPACITY) this.refused.clear();
    this.refused.set(credential, { error, untilMs: steadyClock.now() + REMEMBER_MS });
    return true;
  }

  /** Something changed about keys: one that was refused may be good now. */
  forget(): void {
    this.refused.clear();
  }

  private nameOf(ip: string): string {
    return `failures:${clientNetwork(ip)}`;
  }
}
