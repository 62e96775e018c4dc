import { type Clock, steadyClock } from '../../kernel/clock.js';
import type { AgentPrincipal } from '../../kernel/principal.js';

/** As long as the memory of a key is enough for a heartbeat. */
const BELIEVED_MS = 60_000;
const CAPACITY = 10_000;

interface Entry<State> {
  readonly organizationId: string;
  readonly keyId: string;
  readonly state: State;
  readonly readAtMs: number;
}

/**
 * What each session was told last, for the minute in which nobody can read what holds now: an agent whose heartbeat fails would not know
 * whether its project is paused or the network is gone. What may be spent meanwhile is bounded by the leases, not by this.
 */
export class LastStates<State> {
  private readonly entries = new Map<string, Entry<State>>();

  constructor(private readonly clock: Clock = steadyClock) {}

  note(session: { id: string; organizationId: string; keyId: string }, state: State): void {
    const { id, organizationId, keyId } = session;
    // Re-inserting moves it to the end, so that the first entry is always the oldest.
    this.entries.delete(id);
    this.entries.set(id, { organizationId, keyId, state, readAtMs: this.clock.now() });
    if (this.entries.size <= CAPACITY) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }

  /** @returns undefined for a session that is not this key's, or of which nothing is known any more */
  of(agent: AgentPrincipal, sessionId: string): State | undefined {
    const entry = this.entries.get(sessionId);
    if (entry?.organizationId !== agent.organizationId || entry.keyId !== agent.keyId)
      return undefined;
    return this.clock.now() - entry.readAtMs < BELIEVED_MS ? entry.state : undefined;
  }
}
