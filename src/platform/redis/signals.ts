import type { Redis } from 'ioredis';
import { newId } from '../../kernel/ids.js';
import type { Logger } from '../telemetry/index.js';

export const TOPICS = [
  'projects',
  'leases',
  'usage',
  'keys',
  'secrets',
  'members',
  'budgets',
] as const;
export type Topic = (typeof TOPICS)[number];

export interface Signal {
  readonly organizationId: string;
  readonly topic: Topic;
}
type Listener = (signal: Signal) => void;

/**
 * "Something changed, look again": the fast path between replicas. A signal may be lost and carries no facts; whoever must know for
 * certain also polls the database.
 */
export abstract class Signals {
  private readonly listeners = new Set<Listener>();

  abstract publish(signal: Signal): void;

  /** @returns how to stop listening */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  protected deliver(signal: Signal): void {
    for (const listener of this.listeners) listener(signal);
  }
}

/** For one process. */
export class LocalSignals extends Signals {
  publish(signal: Signal): void {
    this.deliver(signal);
  }
}

const CHANNEL = 'ic:signals';

/** Through Redis pub/sub; delivered locally at once, whatever Redis does. */
export class RedisSignals extends Signals {
  private readonly origin = newId();

  constructor(
    private readonly publisher: Redis,
    subscriber: Redis,
    private readonly logger: Logger,
  ) {
    super();
    subscriber.on('message', (_channel: string, text: string) => {
      const [origin, organizationId, topic] = text.split('|');
      if (origin === this.origin || organizationId === undefined) return;
      const known = TOPICS.find((name) => name === topic);
      if (known) this.deliver({ organizationId, topic: known });
    });
    subscriber.subscribe(CHANNEL).catch((error: unknown) => {
      this.logger.warn(
        { err: error },
        'cannot subscribe to signals; replicas fall back to polling',
      );
    });
  }

  publish(signal: Signal): void {
    this.deliver(signal);
    this.publisher
      .publish(CHANNEL, `${this.origin}|${signal.organizationId}|${signal.topic}`)
      .catch((error: unknown) => {
        this.logger.debug({ err: error }, 'signal not published');
      });
  }
}
