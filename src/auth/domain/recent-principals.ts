import { type Clock, steadyClock } from '../../kernel/clock.js';
import type { Principal } from '../../kernel/principal.js';

/** What a lookup found, and for how long it may be believed at most. */
export interface Found<P extends Principal> {
  readonly principal: P;
  readonly leftMs: number;
}

interface Entry<P extends Principal> {
  readonly principal: P;
  readonly foundMs: number;
  /** Until when it may be believed without asking, and when it is over whatever is asked. */
  readonly untilMs: number;
  readonly endMs: number;
}

/**
 * Remembers for a moment who a credential belongs to, so that a busy agent does not cost a query per request. Refusals are not
 * remembered. Lookups of one credential at one time share one query.
 */
export class RecentPrincipals<P extends Principal> {
  private readonly entries = new Map<string, Entry<P>>();
  private readonly pending = new Map<string, Promise<P | undefined>>();
  /** A lookup that began before a change must not be remembered after it. */
  private generation = 0;

  constructor(
    private readonly limits: { readonly lifetimeMs: number; readonly capacity: number },
    private readonly clock: Clock = steadyClock,
  ) {}

  async resolve(
    credential: string,
    look: () => Promise<Found<P> | undefined>,
  ): Promise<P | undefined> {
    return this.peek(credential) ?? this.lookAgain(credential, look);
  }

  /** What is remembered and may still be believed. */
  peek(credential: string): P | undefined {
    const entry = this.entries.get(credential);
    return entry !== undefined && entry.untilMs > this.clock.now() ? entry.principal : undefined;
  }

  /** What was found within the last `withinMs` and is not over: for when nobody can be asked. */
  lastFound(credential: string, withinMs: number): P | undefined {
    const entry = this.entries.get(credential);
    const nowMs = this.clock.now();
    return entry !== undefined && nowMs < entry.foundMs + withinMs && nowMs < entry.endMs
      ? entry.principal
      : undefined;
  }

  /** Whether it was found a while ago; it may be over by now. */
  knew(credential: string): boolean {
    return this.entries.has(credential);
  }

  /** Looks whatever is remembered. */
  async lookAgain(
    credential: string,
    look: () => Promise<Found<P> | undefined>,
  ): Promise<P | undefined> {
    const running = this.pending.get(credential);
    if (running !== undefined) return running;
    const lookup = this.lookUp(credential, look);
    this.pending.set(credential, lookup);
    try {
      return await lookup;
    } finally {
      if (this.pending.get(credential) === lookup) this.pending.delete(credential);
    }
  }

  /** It was refused: nobody shall take it for one that was let in. */
  drop(credential: string): void {
    this.entries.delete(credential);
  }

  /** Something about this organization's credentials changed. */
  forget(organizationId: string): void {
    this.generation++;
    this.pending.clear();
    for (const [credential, { principal }] of this.entries) {
      if (principal.organizationId === organizationId) this.entries.delete(credential);
    }
  }

  private async lookUp(
    credential: string,
    look: () => Promise<Found<P> | undefined>,
  ): Promise<P | undefined> {
    const { generation } = this;
    const startedMs = this.clock.now();
    const found = await look();
    if (found && generation === this.generation) {
      this.remember(credential, {
        principal: found.principal,
        foundMs: startedMs,
        untilMs: startedMs + Math.min(found.leftMs, this.limits.lifetimeMs),
        endMs: startedMs + found.leftMs,
      });
    }
    return found?.principal;
  }

  private remember(credential: string, entry: Entry<P>): void {
    // Re-inserting moves it to the end, so that the first entry is always the oldest.
    this.entries.delete(credential);
    this.entries.set(credential, entry);
    if (this.entries.size <= this.limits.capacity) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }
}
