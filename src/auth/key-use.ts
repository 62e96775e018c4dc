import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { steadyClock } from '../kernel/clock.js';
import type { AgentPrincipal } from '../kernel/principal.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { KeyCheckStore } from './data/key-check-store.js';

const FLUSH_AFTER_MS = 1_000;
const ONCE_PER_MS = 60_000;
const CAPACITY = 10_000;
const IPS_PER_FLUSH = 10;

interface Use {
  readonly organizationId: string;
  readonly keyId: string;
  readonly ips: string[];
}

/** Writes when and from where a key was used: in the background, in batches, at most once a minute per key and address. */
@Injectable()
export class KeyUse implements OnModuleDestroy {
  private readonly notedAtMs = new Map<string, number>();
  private waiting = new Map<string, Use>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly keys: KeyCheckStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  note({ organizationId, keyId }: AgentPrincipal, ip: string): void {
    const nowMs = steadyClock.now();
    const name = `${keyId} ${ip}`;
    const last = this.notedAtMs.get(name);
    if (last !== undefined && nowMs - last < ONCE_PER_MS) return;
    // Forgetting early costs one needless UPDATE.
    if (this.notedAtMs.size >= CAPACITY) this.notedAtMs.clear();
    this.notedAtMs.set(name, nowMs);
    const use = this.waiting.get(keyId) ?? { organizationId, keyId, ips: [] };
    if (use.ips.length < IPS_PER_FLUSH) use.ips.push(ip);
    this.waiting.set(keyId, use);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    await this.flush();
  }

  private async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = [...this.waiting.values()];
    this.waiting = new Map();
    if (batch.length === 0) return;
    try {
      await this.keys.markUsed(batch);
    } catch (error) {
      for (const { keyId, ips } of batch)
        for (const ip of ips) this.notedAtMs.delete(`${keyId} ${ip}`);
      this.logger.warn({ err: error }, 'could not note when keys were last used');
    }
  }
}
