import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AppError } from '../kernel/errors.js';
import type { UserPrincipal } from '../kernel/principal.js';
import { type EventStream, openEventStream } from '../platform/http/index.js';
import { Signals, type Topic } from '../platform/redis/index.js';

const QUIET_MS = 250;
const MAX_STREAMS = 10_000;
/** One organization, or one person, must not take the live updates of all the others. */
const MAX_PER_ORGANIZATION = 500;
const MAX_PER_USER = 20;
/** As long as an access token: whoever was signed out or lost a role comes back with a new one, or not at all. */
const MAX_LIFE_MS = 600_000;

interface Viewer {
  readonly organizationId: string;
  readonly userId: string;
  readonly stream: EventStream;
  readonly pending: Set<Topic>;
}

/** Tells dashboards what to read again, in bundles: a busy ledger must not make every page reload a hundred times a second. */
@Injectable()
export class LiveEvents implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly viewers = new Set<Viewer>();
  private unsubscribe: () => void = () => undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly signals: Signals) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = this.signals.subscribe(({ organizationId, topic }) => {
      for (const viewer of this.viewers)
        if (viewer.organizationId === organizationId) viewer.pending.add(topic);
    });
    this.timer = setInterval(() => {
      this.flush();
    }, QUIET_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.unsubscribe();
    for (const { stream } of this.viewers) stream.close();
  }

  /** @throws {AppError} RATE_LIMITED: the page still works, without live updates */
  open(user: UserPrincipal, reply: FastifyReply): void {
    this.refuseTooMany(user);
    const { organizationId, userId } = user;
    const stream = openEventStream(reply, () => {
      clearTimeout(life);
      this.viewers.delete(viewer);
    });
    if (!stream) return;
    const viewer: Viewer = { organizationId, userId, pending: new Set(), stream };
    const life = setTimeout(() => {
      stream.close();
    }, MAX_LIFE_MS);
    life.unref();
    this.viewers.add(viewer);
  }

  private refuseTooMany({ organizationId, userId }: UserPrincipal): void {
    const mine = [...this.viewers].filter((viewer) => viewer.organizationId === organizationId);
    const own = mine.filter((viewer) => viewer.userId === userId);
    if (
      own.length < MAX_PER_USER &&
      mine.length < MAX_PER_ORGANIZATION &&
      this.viewers.size < MAX_STREAMS
    ) {
      return;
    }
    throw new AppError(
      'RATE_LIMITED',
      'Too many dashboards are open at once; this one works without live updates.',
      { retryAfterSeconds: 30 },
    );
  }

  private flush(): void {
    for (const { stream, pending } of this.viewers) {
      if (pending.size === 0) continue;
      stream.send('changed', { topics: [...pending] });
      pending.clear();
    }
  }
}
