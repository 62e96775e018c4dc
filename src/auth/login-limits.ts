import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { steadyClock } from '../kernel/clock.js';
import { clientNetwork } from '../kernel/client-network.js';
import { AppError } from '../kernel/errors.js';
import { type BucketRule, RateLimits } from '../platform/limits/index.js';

/** Failures that may come at once, and how many seconds each takes to be forgotten. */
const rule = (burst: number, secondsPerFailure: number): BucketRule => ({
  burst,
  perSecond: 1 / secondsPerFailure,
});

const RULES = {
  /** One who guesses one password. */
  accountFromNetwork: rule(10, 30),
  /** One who guesses at many accounts. */
  network: rule(30, 10),
  /** Many who guess one password together; loose, because whoever fills it keeps strangers to the account out. */
  account: rule(100, 5),
  /** Many who guess at many accounts. */
  everybody: rule(300, 1),
} as const;

/** A network from which an account was signed in to is not kept out by what others do. */
const KNOWN_FOR_MS = 86_400_000;
const MOST_KNOWN = 10_000;

/** How often a password may be wrong. Only failures count: signing in is never too often. */
@Injectable()
export class LoginLimits {
  private readonly known = new Map<string, number>();

  constructor(private readonly limits: RateLimits) {}

  /**
   * @param work signs in; LOGIN_FAILED is what counts
   * @throws {AppError} RATE_LIMITED before any work
   */
  async attempt<T>(ip: string, account: string, work: () => Promise<T>): Promise<T> {
    const network = clientNetwork(ip);
    // Names of accounts stay out of Redis.
    const who = hash('sha256', account, 'base64url').slice(0, 22);
    const pair = `${who}@${network}`;
    const taken = this.takeAll(pair, { who, network });
    try {
      const result = await work();
      this.giveBack(taken);
      this.remember(pair);
      return result;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'LOGIN_FAILED') this.giveBack(taken);
      throw error;
    }
  }

  /** All at once and before the work, so that a thousand guesses at the same moment are no more than one after the other. */
  private takeAll(pair: string, { who, network }: { who: string; network: string }) {
    const isKnown = steadyClock.now() - (this.known.get(pair) ?? -Infinity) < KNOWN_FOR_MS;
    const wanted: [string, BucketRule][] = [
      [`login:pair:${pair}`, RULES.accountFromNetwork],
      [`login:network:${network}`, RULES.network],
      ...(isKnown
        ? []
        : ([
            [`login:account:${who}`, RULES.account],
            ['login:everybody', RULES.everybody],
          ] satisfies [string, BucketRule][])),
    ];
    const taken: [string, BucketRule][] = [];
    for (const [name, bucket] of wanted) {
      const { allowed, retryAfterSeconds } = this.limits.take(name, bucket);
      if (!allowed) {
        this.giveBack(taken);
        throw new AppError(
          'RATE_LIMITED',
          `Too many failed attempts; try again in ${retryAfterSeconds} seconds.`,
          { retryAfterSeconds, internal: name },
        );
      }
      taken.push([name, bucket]);
    }
    return taken;
  }

  private giveBack(taken: readonly [string, BucketRule][]): void {
    for (const [name, bucket] of taken) this.limits.giveBack(name, bucket);
  }

  private remember(pair: string): void {
    if (this.known.size >= MOST_KNOWN) this.known.clear();
    this.known.set(pair, steadyClock.now());
  }
}
