import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { AccessEpochs, AgentUses, type AgentUseListener } from '../auth/index.js';
import type { AgentPrincipal } from '../kernel/principal.js';
import { type Tx, UnitOfWork } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { AnomalyResponse, type Stopped } from './anomaly-response.js';
import { type SeenKey, PlaceStore } from './data/place-store.js';

/** Long enough to write the uses of a busy moment together, short beside the second in which a key is to be blocked. */
const GATHER_MS = 30;
/** A use is written again after this time, well before the use before it is too old to count. */
const ONCE_PER_MS = 5_000;
const KEYS_REMEMBERED = 10_000;
const IPS_PER_KEY = 32;
const KEYS_PER_BATCH = 500;

type Waiting = Map<string, Map<string, Set<string>>>;

/**
 * Sees when one key is used from several places at once. Only uses that were let in arrive here, so nobody without the key can cause
 * anything; and it works beside the requests, never in their way.
 */
@Injectable()
export class KeyPlaces implements AgentUseListener, OnApplicationBootstrap, OnModuleDestroy {
  /** When each place of a key was written last, by key and address. */
  private readonly noted = new Map<string, Map<string, number>>();
  /** By organization and key. */
  private waiting: Waiting = new Map();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private stopListening: () => void = () => undefined;

  constructor(
    private readonly uses: AgentUses,
    private readonly unitOfWork: UnitOfWork,
    private readonly places: PlaceStore,
    private readonly response: AnomalyResponse,
    private readonly epochs: AccessEpochs,
    private readonly signals: Signals,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = this.uses.subscribe(this);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopListening();
    clearTimeout(this.timer);
    await this.writing;
  }

  used({ organizationId, keyId, permissions }: AgentPrincipal, ip: string): void {
    if (!permissions.has('agent:run') || !this.isNews(keyId, ip)) return;
    const keys = this.waiting.get(organizationId) ?? new Map<string, Set<string>>();
    this.waiting.set(organizationId, keys);
    const ips = keys.get(keyId) ?? new Set();
    keys.set(keyId, ips);
    if (ips.size < IPS_PER_KEY) ips.add(ip);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.after(() => this.write());
    }, GATHER_MS).unref();
  }

  /** Its place is free at once: an agent that ends here and starts there is not in two places. */
  left({ organizationId, keyId }: AgentPrincipal, sessionId: string): void {
    this.noted.delete(keyId);
    this.after(async () => {
      await this.write();
      await this.places.leave(organizationId, sessionId);
    });
  }

  private isNews(keyId: string, ip: string): boolean {
    const nowMs = performance.now();
    const places = this.noted.get(keyId) ?? new Map<string, number>();
    const last = places.get(ip);
    if (last !== undefined && nowMs - last < ONCE_PER_MS) return false;
    // Forgetting early costs one needless write.
    if (this.noted.size >= KEYS_REMEMBERED) this.noted.clear();
    if (places.size >= IPS_PER_KEY) places.clear();
    this.noted.set(keyId, places.set(ip, nowMs));
    return true;
  }

  /** One after the other: a place that is left must have been written before. */
  private after(work: () => Promise<void>): void {
    this.writing = this.writing.then(work).catch((error: unknown) => {
      this.logger.warn(
        { err: error },
        'cannot compare from where keys are used; the next use tries again',
      );
    });
  }

  private async write(): Promise<void> {
    const batch = this.waiting;
    this.waiting = new Map();
    for (const [organizationId, keys] of batch) {
      const uses = [...keys].map(([keyId, ips]) => ({ keyId, ips: [...ips] }));
      try {
        for (let from = 0; from < uses.length; from += KEYS_PER_BATCH)
          await this.see(organizationId, uses.slice(from, from + KEYS_PER_BATCH));
      } catch (error) {
        for (const { keyId } of uses) this.noted.delete(keyId);
        throw error;
      }
    }
  }

  private async see(
    organizationId: string,
    uses: readonly { keyId: string; ips: readonly string[] }[],
  ): Promise<void> {
    const stopped = await this.unitOfWork.run(organizationId, async (tx) => {
      const seen = await this.places.see(tx, organizationId, uses);
      return this.judge(
        tx,
        organizationId,
        seen.filter(({ places }) => places.length > 1),
      );
    });
    if (stopped.size === 0) return;
    // Forgets the key here and tells the others; a project's new state travels by itself.
    this.epochs.announce(organizationId);
    if (stopped.has('project')) this.signals.publish({ organizationId, topic: 'projects' });
  }

  private async judge(
    tx: Tx,
    organizationId: string,
    seen: readonly SeenKey[],
  ): Promise<ReadonlySet<Stopped>> {
    const stopped = new Set<Stopped>();
    for (const { keyId, places } of seen) {
      const what = await this.response.toPlaces(tx, organizationId, keyId, places);
      if (what) stopped.add(what);
    }
    if (stopped.has('key')) await this.epochs.bump(tx, organizationId);
    return stopped;
  }
}
