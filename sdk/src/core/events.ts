import type { IronCageError } from '../errors/iron-cage-error.js';
import type { TokenUsage } from '../prices/usage.js';
import type { PiiReport } from '../safety/safety-filter.js';
import type { Outcome } from '../wire/protocol.js';

/** What a call asks a model for, in OpenTelemetry's words. */
export type Operation = 'chat' | 'embeddings' | 'generate_content';

/** What `cage.on()` can tell. Amounts are decimal dollars, like on the wire. */
export interface CageEvents {
  /** A request to a provider is about to leave; `usage` with the same id tells how it ended. */
  call: {
    readonly id: string;
    readonly provider: string;
    readonly model: string;
    readonly operation: Operation;
    readonly host: string;
    readonly port: number | undefined;
  };
  /** A call was stopped before it left. */
  blocked: { readonly error: IronCageError; readonly provider: string; readonly model: string };
  /** With `mode: 'observe'`: a call that would have been stopped, and was not. */
  observed: { readonly error: IronCageError; readonly provider: string; readonly model: string };
  /** A lease was granted, refused, reported on, or has ended. */
  lease: {
    readonly action: 'granted' | 'refused' | 'reported' | 'ended';
    readonly leaseId: string;
    readonly amountUsd: string;
  };
  /** One physical request was accounted for. */
  usage: {
    readonly id: string;
    readonly provider: string;
    readonly model: string;
    readonly operation: Operation;
    readonly outcome: Outcome;
    readonly estimated: boolean;
    readonly tokens: TokenUsage;
    readonly costUsd: string;
    readonly durationMs: number;
    readonly tags?: readonly string[];
  };
  /** The output of a call was limited to what is affordable. */
  clamped: { readonly provider: string; readonly model: string; readonly outputTokens: number };
  /** Personal data was found in a prompt (never the data itself). */
  pii: PiiReport & { readonly provider: string; readonly model: string };
  paused: { readonly state: 'paused' | 'archived' };
  resumed: Record<string, never>;
  revoked: Record<string, never>;
  /** Somebody stopped this process; it gets no other session. */
  killed: Record<string, never>;
  /** Something that an operator should look at; nothing was stopped because of it. */
  warning: { readonly code: string; readonly message: string };
}

export type CageListener<Name extends keyof CageEvents> = (event: CageEvents[Name]) => void;
type AnyListener = (event: unknown) => void;

/** A small typed emitter: a listener that throws is reported, and never harms a call. */
export class EventHub {
  readonly #listeners = new Map<keyof CageEvents, Set<AnyListener>>();

  /** @returns a function that removes the listener */
  on<Name extends keyof CageEvents>(name: Name, listener: CageListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // Each set only ever receives events of its own name.
    const erased = listener as AnyListener;
    listeners.add(erased);
    return () => {
      listeners.delete(erased);
    };
  }

  emit<Name extends keyof CageEvents>(name: Name, event: CageEvents[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        listener(event);
      } catch (error) {
        process.emitWarning(`a listener for "${name}" threw ${String(error)}`, 'IronCageWarning');
      }
    }
  }
}

export type Emit = EventHub['emit'];
