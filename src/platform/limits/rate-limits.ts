import type { Redis, Result } from 'ioredis';
import type { Clock } from '../../kernel/clock.js';
import { type BucketRule, type BucketState, refill, waitSeconds } from './token-bucket.js';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    drainBucket(
      bucket: string,
      perSecond: number,
      burst: number,
      spent: number,
    ): Result<string, Context>;
  }
}

/** A wall clock that is set back must not stop the flow; Redis counts with its own. */
const SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rate, burst, spent = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(state[1]) or burst, tonumber(state[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate / 1000)
tokens = math.min(burst, math.max(-burst, tokens - spent))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(2 * burst / rate * 1000) + 1000)
return tostring(tokens)`;

const SYNC_MS = 50;
const CAPACITY = 20_000;
const PER_SYNC = 2_000;

interface Bucket extends BucketState {
  readonly rule: BucketRule;
  /** Taken here, and not yet told to the others. */
  unsynced: number;
}

export interface Taken {
  readonly allowed: boolean;
  /** Whole requests that are left. */
  readonly remaining: number;
  /** Until the next one is allowed; only meaningful when this one was not. */
  readonly retryAfterSeconds: number;
}

/**
 * Token buckets. Each decision is made here, in memory, so that it costs no round trip and survives without Redis; replicas that share
 * Redis settle twenty times a second what each of them took. Together they may let through a twentieth of a second too much.
 */
export class RateLimits {
  private readonly buckets = new Map<string, Bucket>();
  private dirty = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private syncing = false;

  constructor(
    private readonly redis: Redis | undefined,
    private readonly clock: Clock = { now: () => performance.now() },
  ) {
    redis?.defineCommand('drainBucket', { numberOfKeys: 1, lua: SCRIPT });
  }

  /** Takes one, if there is one. @param name unique over all rules: `key:9f3a2b1c` */
  take(name: string, rule: BucketRule): Taken {
    const bucket = this.bucketOf(name, rule);
    const allowed = bucket.tokens >= 1;
    if (allowed) this.drain(name, bucket, 1);
    return answerOf(bucket, allowed);
  }

  /** Undoes a {@link take}: it turned out not to count. */
  giveBack(name: string, rule: BucketRule): void {
    const bucket = this.bucketOf(name, rule);
    this.drain(name, bucket, -1);
    bucket.tokens = Math.min(bucket.tokens, rule.burst);
  }

  /** Whether there is one, without taking it. */
  look(name: string, rule: BucketRule): Taken {
    // A bucket that nobody has taken from is full. To make one for each who looks would push out those of others.
    if (!this.buckets.has(name)) return answerOf({ rule, tokens: rule.burst }, true);
    const bucket = this.bucketOf(name, rule);
    return answerOf(bucket, bucket.tokens >= 1);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.dirty.clear();
  }

  /** Tells Redis what was taken here, and learns what others took. Without Redis there is nothing to settle. */
  async settle(): Promise<void> {
    if (this.redis === undefined || this.syncing) return;
    this.syncing = true;
    const names = [...this.dirty].slice(0, PER_SYNC);
    for (const name of names) this.dirty.delete(name);
    const { redis } = this;
    // Redis being away costs accuracy between replicas, nothing else: each goes on by itself.
    await Promise.allSettled(names.map((name) => this.settleOne(redis, name)));
    this.syncing = false;
    if (this.dirty.size > 0) this.schedule();
  }

  private async settleOne(redis: Redis, name: string): Promise<void> {
    const bucket = this.buckets.get(name);
    if (!bucket) return;
    const { rule, unsynced } = bucket;
    bucket.unsynced = 0;
    const text = await redis.drainBucket(
      `ic:bucket:{${name}}`,
      rule.perSecond,
      rule.burst,
      unsynced,
    );
    const shared = Number(text);
    if (!Number.isFinite(shared)) return;
    refill(bucket, rule, this.clock.now());
    bucket.tokens = Math.max(-rule.burst, Math.min(rule.burst, shared - bucket.unsynced));
  }

  private drain(name: string, bucket: Bucket, count: number): void {
    bucket.tokens -= count;
    if (this.redis === undefined) return;
    bucket.unsynced += count;
    this.dirty.add(name);
    this.schedule();
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.settle();
    }, SYNC_MS).unref();
  }

  private bucketOf(name: string, rule: BucketRule): Bucket {
    const nowMs = this.clock.now();
    const known = this.buckets.get(name);
    if (known?.rule.perSecond === rule.perSecond && known.rule.burst === rule.burst) {
      refill(known, rule, nowMs);
      return known;
    }
    const bucket: Bucket = { rule, tokens: rule.burst, atMs: nowMs, unsynced: 0 };
    this.buckets.set(name, bucket);
    if (this.buckets.size > CAPACITY) this.forgetFull(nowMs);
    return bucket;
  }

  /** A full bucket is as good as none. When all are in use the oldest go: memory has a limit too. */
  private forgetFull(nowMs: number): void {
    for (const [name, bucket] of this.buckets) {
      refill(bucket, bucket.rule, nowMs);
      if (bucket.tokens >= bucket.rule.burst && bucket.unsynced === 0) this.buckets.delete(name);
    }
    for (const name of this.buckets.keys()) {
      if (this.buckets.size <= CAPACITY / 2) return;
      this.buckets.delete(name);
    }
  }
}

function answerOf({ tokens, rule }: Pick<Bucket, 'tokens' | 'rule'>, allowed: boolean): Taken {
  return {
    allowed,
    remaining: Math.max(0, Math.floor(tokens)),
    retryAfterSeconds: waitSeconds(tokens, rule),
  };
}
