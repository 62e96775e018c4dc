import { createHmac, timingSafeEqual } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { steadyClock, systemClock } from '../../kernel/clock.js';
import { KEY_SCOPES } from '../../kernel/permissions.js';
import { SENDER_BINDINGS } from '../../kernel/principal.js';
import { uuid } from '../../kernel/wire.js';
import type { KeyFacts } from '../domain/key-facts.js';
import { sha256Of } from '../domain/key-hash.js';

/** Half of what a replica knows back about access that was taken away; clocks of replicas may differ by the other half. */
const LIFETIME_MS = 30_000;
const ANSWER_LIMIT_MS = 100;
/** After Redis failed to answer it is left alone for a while, so that an outage costs one wait and not one per check. */
const REST_MS = 2_000;

const record = z.strictObject({
  organizationId: uuid,
  projectId: uuid,
  keyId: z.string(),
  environment: z.enum(['dev', 'live']),
  scopes: z.array(z.enum(KEY_SCOPES)),
  ranges: z.array(z.string()),
  models: z.array(z.string()),
  requestsPerMinute: z.int().nullable(),
  senderBinding: z.enum(SENDER_BINDINGS),
  epoch: z.string().transform(BigInt),
  /** Milliseconds since the Unix epoch. */
  readAt: z.number(),
  validUntil: z.number(),
});

export interface KeyRecord {
  readonly facts: KeyFacts;
  /** The access epoch of the organization when the facts were read. */
  readonly epoch: bigint;
  readonly leftMs: number;
}

const LATE = Symbol('late');

/**
 * What one replica found out about a good key, for the others. A record carries a MAC over itself and the key that it is for: who can
 * write to Redis can neither make one, nor move one to another key, nor widen one; an old one put back is told by its epoch. There is
 * nothing in it that a key could be found from.
 */
export class KeyRecords {
  private restUntilMs = -Infinity;

  constructor(
    private readonly redis: Redis | undefined,
    private readonly macKey: Buffer,
  ) {}

  /** @returns `undefined` for every record that we would not have written, and when Redis does not answer at once */
  async get(keyId: string, key: string): Promise<KeyRecord | undefined> {
    if (this.redis === undefined || steadyClock.now() < this.restUntilMs) return undefined;
    try {
      const late = setTimeout(ANSWER_LIMIT_MS, LATE, { ref: false });
      const text = await Promise.race([this.redis.get(nameOf(keyId)), late]);
      if (text !== LATE) return text === null ? undefined : this.open(keyId, key, text);
    } catch {
      // As if it were late.
    }
    this.restUntilMs = steadyClock.now() + REST_MS;
    return undefined;
  }

  /** Without waiting: it is for next time. */
  put(key: string, { facts, epoch, leftMs }: KeyRecord): void {
    if (this.redis === undefined || steadyClock.now() < this.restUntilMs) return;
    const readAt = systemClock.now();
    const lifetimeMs = Math.floor(Math.min(leftMs, LIFETIME_MS));
    if (lifetimeMs < 1) return;
    const payload = Buffer.from(
      JSON.stringify({
        ...facts,
        epoch: epoch.toString(),
        readAt,
        validUntil: readAt + lifetimeMs,
      }),
    ).toString('base64url');
    const text = `${payload}.${this.mac(facts.keyId, key, payload).toString('base64url')}`;
    this.redis.set(nameOf(facts.keyId), text, 'PX', lifetimeMs).catch(() => undefined);
  }

  private open(keyId: string, key: string, text: string): KeyRecord | undefined {
    const [payload = '', mac = ''] = text.split('.');
    const given = Buffer.from(mac, 'base64url');
    const wanted = this.mac(keyId, key, payload);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    const parsed = record.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    if (!parsed.success) return undefined;
    const { epoch, readAt, validUntil, ...facts } = parsed.data;
    const nowMs = systemClock.now();
    if (validUntil <= nowMs || Math.abs(nowMs - readAt) > LIFETIME_MS) return undefined;
    return { facts, epoch, leftMs: validUntil - nowMs };
  }

  private mac(keyId: string, key: string, payload: string): Buffer {
    return createHmac('sha256', this.macKey)
      .update(`key-record\n${keyId}\n${payload}\n`)
      .update(sha256Of(key))
      .digest();
  }
}

function nameOf(keyId: string): string {
  return `ic:key:{${keyId}}`;
}
