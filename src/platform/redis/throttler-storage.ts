import type { ThrottlerStorage } from '@nestjs/throttler';
import { ThrottlerStorageService } from '@nestjs/throttler';
import type { Redis, Result } from 'ioredis';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    throttle(
      counter: string,
      block: string,
      ttlMs: number,
      limit: number,
      blockMs: number,
    ): Result<[number, number, number], Context>;
  }
}

type Hit = Awaited<ReturnType<ThrottlerStorage['increment']>>;

const SCRIPT = `
local blocked = redis.call('PTTL', KEYS[2])
if blocked > 0 then return { tonumber(redis.call('GET', KEYS[1]) or ARGV[2]), redis.call('PTTL', KEYS[1]), blocked } end
local hits = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) left = tonumber(ARGV[1]) end
if hits > tonumber(ARGV[2]) then redis.call('SET', KEYS[2], 1, 'PX', ARGV[3]) return { hits, left, tonumber(ARGV[3]) } end
return { hits, left, 0 }`;

/**
 * Fixed windows that all replicas share. While Redis is away each replica counts for itself, so that a limit is never simply gone.
 */
export class RedisThrottlerStorage implements ThrottlerStorage {
  private readonly local = new ThrottlerStorageService();

  constructor(private readonly redis: Redis) {
    redis.defineCommand('throttle', { numberOfKeys: 2, lua: SCRIPT });
  }

  async increment(
    key: string,
    ttlMs: number,
    limit: number,
    blockMs: number,
    name: string,
  ): Promise<Hit> {
    const counter = `ic:throttle:{${name}:${key}}`;
    try {
      const [totalHits, leftMs, blockedMs] = await this.redis.throttle(
        counter,
        `${counter}:blocked`,
        ttlMs,
        limit,
        blockMs > 0 ? blockMs : ttlMs,
      );
      return {
        totalHits,
        timeToExpire: Math.ceil(leftMs / 1000),
        isBlocked: blockedMs > 0,
        timeToBlockExpire: Math.ceil(blockedMs / 1000),
      };
    } catch {
      return this.local.increment(key, ttlMs, limit, blockMs, name);
    }
  }
}
