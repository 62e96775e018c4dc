import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { AgentPrincipal } from '../kernel/principal.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { KeyStore } from './data/key-store.js';
import { steadyClock } from './domain/recent-principals.js';

const FLUSH_AFTER_MS = 1_000;
const ONCE_PER_MS = 60_000;
const CAPACITY = 10_000;

/** Writes when a key was last used: in the background, in batches, at most once a minute per key. */
@Injectable()
export class KeyUse implements OnModuleDestroy {
  private readonly notedAtMs = new Map<string, number>();
  private waiting = new Map<string, { organizationId: string; keyId: string }>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly keys: KeyStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  note({ organizationId, keyId }: AgentPrincipal): void {
    const nowMs = steadyClock.now();
    const last = this.notedAtMs.get(keyId);
    if (last !== undefined && nowMs - last < ONCE_PER_MS) return;
    // Forgetting early costs one needless UPDATE that changes nothing.
    if (this.notedAtMs.size >= CAPACITY) this.notedAtMs.clear();
    this.notedAtMs.set(keyId, nowMs);
    this.waiting.set(keyId, { organizationId, keyId });
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
      for (const { keyId } of batch) this.notedAtMs.delete(keyId);
      this.logger.warn({ err: error }, 'could not note when keys were last used');
    }
  }
}
