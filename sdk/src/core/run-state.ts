import {
  ClosedError,
  KeyRevokedError,
  ProjectPausedError,
  SessionEndedError,
  SessionKilledError,
} from '../errors/catalogue.js';
import { parseUsd, type NanoUsd } from '../money/money.js';
import type { UnboundedRule, WireState } from '../wire/protocol.js';
import type { Emit } from './events.js';

export type RunStateName =
  'active' | 'paused' | 'archived' | 'revoked' | 'ended' | 'killed' | 'closed';

type ToldState = Pick<WireState, 'project' | 'key' | 'session'> & {
  readonly available?: string;
  readonly unbounded?: UnboundedRule;
};

/** The kill switch: latched until the server says otherwise, asked before every request. */
export class RunState {
  readonly #emit: Emit;
  #project: WireState['project'] = 'active';
  #key: WireState['key'] = 'active';
  #session: WireState['session'] = 'active';
  #closed = false;
  #availableNano: NanoUsd | undefined;
  #unbounded: UnboundedRule = 'cap';

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  get name(): RunStateName {
    if (this.#closed) return 'closed';
    if (this.#session === 'killed') return 'killed';
    if (this.#key === 'revoked') return 'revoked';
    if (this.#project !== 'active') return this.#project;
    return this.#session;
  }

  /** The project's free balance as the server told it last. */
  get availableNano(): NanoUsd | undefined {
    return this.#availableNano;
  }

  /** What to do with a call whose cost is not in the request. */
  get unbounded(): UnboundedRule {
    return this.#unbounded;
  }

  /** Takes over what the server said. @returns true when calls are stopped by it */
  see(state: ToldState) {
    const before = this.name;
    this.#project = state.project;
    this.#key = state.key;
    // For good: whoever was stopped must not go on because an older message arrives late.
    if (this.#session !== 'killed') this.#session = state.session;
    if (state.unbounded !== undefined) this.#unbounded = state.unbounded;
    if (state.available !== undefined) this.#availableNano = parseUsd(state.available);
    this.#tell(before);
    return this.name !== 'active';
  }

  /** Takes over a refusal that concerns every call. */
  seeRefusal(error: unknown): void {
    const before = this.name;
    if (error instanceof KeyRevokedError) this.#key = 'revoked';
    else if (error instanceof ProjectPausedError) this.#project = 'paused';
    else if (error instanceof SessionKilledError) this.#session = 'killed';
    else if (error instanceof SessionEndedError) this.#session = 'ended';
    this.#tell(before);
  }

  /** A new session was started: what was said about the old one does not count any more. */
  restart(project: string, unbounded: UnboundedRule): void {
    this.see({
      unbounded,
      session: 'active',
      key: 'active',
      project: project === 'paused' || project === 'archived' ? project : 'active',
    });
  }

  close(): void {
    this.#closed = true;
  }

  /** @throws the reason why nothing may leave */
  check(): void {
    switch (this.name) {
      case 'active':
        return;
      case 'closed':
        throw new ClosedError('This Iron Cage was closed; start a new one to go on.');
      case 'revoked':
        throw new KeyRevokedError('The Iron Cage key of this agent was revoked or blocked.', {
          status: 401,
        });
      case 'paused':
        throw new ProjectPausedError(
          'The project is paused: no call may leave until somebody resumes it.',
          { status: 423 },
        );
      case 'archived':
        throw new ProjectPausedError('The project is archived: no call may leave any more.', {
          status: 423,
        });
      case 'killed':
        throw new SessionKilledError(
          'Somebody stopped this session: no call may leave. Start the process again to go on.',
          { status: 410 },
        );
      case 'ended':
        throw new SessionEndedError(
          'The server ended this session and a new one could not be started yet.',
          { status: 410 },
        );
    }
  }

  #tell(before: RunStateName): void {
    const now = this.name;
    if (now === before) return;
    if (now === 'paused' || now === 'archived') this.#emit('paused', { state: now });
    else if (now === 'revoked') this.#emit('revoked', {});
    else if (now === 'killed') this.#emit('killed', {});
    else if (now === 'active') this.#emit('resumed', {});
  }
}
