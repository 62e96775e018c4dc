import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { steadyClock } from '../kernel/clock.js';
import type { Tx } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { AccessEpochStore } from './data/access-epoch-store.js';

/** Half of the second that a lost signal may cost. */
const POLL_MS = 500;
/** What is remembered is believed for this long after the last poll that succeeded; then the database is asked each time. */
const BELIEVED_MS = 3_000;

type Listener = (organizationId: string) => void;

/**
 * Makes every replica forget credentials whose access was taken away. The change and {@link bump} are one transaction;
 * {@link announce} after its commit is the fast path; who misses that finds the new number in the next poll.
 */
@Injectable()
export class AccessEpochs implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly listeners = new Set<Listener>();
  private readonly stopListening: () => void;
  private recent: ReadonlyMap<string, bigint> = new Map();
  /** Announced since the last poll began: newer than what the poll knows. */
  private readonly announced = new Set<string>();
  private readAtMs = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> | undefined;

  constructor(
    private readonly store: AccessEpochStore,
    private readonly signals: Signals,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.stopListening = signals.subscribe(({ topic, organizationId }) => {
      if (topic !== 'keys') return;
      this.announced.add(organizationId);
      this.tell(organizationId);
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.poll();
    this.timer = setInterval(() => void this.poll(), POLL_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopListening();
    await this.polling;
  }

  /** In the transaction that takes access away, as its last statement: the row is locked until the commit. */
  bump(tx: Tx, organizationId: string): Promise<void> {
    return this.store.bump(tx, organizationId);
  }

  /** After the commit: this replica forgets now, the others as soon as they hear of it. */
  announce(organizationId: string): void {
    this.signals.publish({ organizationId, topic: 'keys' });
  }

  /** @param listener forgets what it remembers of an organization @returns how to stop listening */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Whether what is remembered may be believed: had something been taken away, we would know. */
  isFresh(): boolean {
    return steadyClock.now() - this.readAtMs < BELIEVED_MS;
  }

  /** Whether facts that were read at this epoch, within the last half minute, still hold. */
  isCurrent(organizationId: string, epoch: bigint): boolean {
    if (!this.isFresh() || this.announced.has(organizationId)) return false;
    return epoch >= (this.recent.get(organizationId) ?? 0n);
  }

  private poll(): Promise<void> {
    this.polling ??= this.pollOnce().finally(() => (this.polling = undefined));
    return this.polling;
  }

  private async pollOnce(): Promise<void> {
    const startedMs = steadyClock.now();
    const before = [...this.announced];
    try {
      const now = await this.store.recent();
      const last = this.recent;
      this.recent = now;
      this.readAtMs = startedMs;
      for (const organizationId of before) this.announced.delete(organizationId);
      for (const [organizationId, epoch] of now) {
        if (last.get(organizationId) !== epoch) this.tell(organizationId);
      }
    } catch (error) {
      this.logger.warn(
        { err: error },
        'cannot ask whose access changed; the next poll tries again',
      );
    }
  }

  private tell(organizationId: string): void {
    for (const listener of this.listeners) listener(organizationId);
  }
}
