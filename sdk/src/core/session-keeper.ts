import { randomInt } from 'node:crypto';

import {
  KeyRevokedError,
  NoSecretError,
  ProjectPausedError,
  SessionEndedError,
  SessionKilledError,
} from '../errors/catalogue.js';
import { findIronCageError } from '../errors/iron-cage-error.js';
import type { Cancel, Clock } from '../identity/clock.js';
import type { SafetyPolicy } from '../safety/safety-policy.js';
import type { WireState } from '../wire/protocol.js';
import { StateStream } from '../wire/state-stream.js';
import type { Transport } from '../wire/transport.js';
import type { Emit } from './events.js';
import type { RunState } from './run-state.js';
import { startSession, type Session } from './session.js';

/** Secrets are fetched again when this part of their life is over. */
const REFRESH_AFTER = 0.8;
/** How soon to ask for a secret again that the server could not read where it is kept. */
const INCOMPLETE_REFRESH_MS = 60_000;
const RESTART_PAUSE_MS = 3_000;
const REFETCH_SPREAD_MS = 1_000;
const HEARTBEAT_TIMEOUT_MS = 5_000;

export interface SessionKeeperPorts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly state: RunState;
  readonly emit: Emit;
  readonly agentName: string | undefined;
  readonly startTimeoutMs: number;
  readonly pricesKeys: readonly string[];
  /** Follows what the server says about personal data. */
  readonly safety: SafetyPolicy;
  /** A new session replaces `previous` (undefined at the start). */
  readonly onSession: (session: Session, previous: Session | undefined) => void;
  readonly onState: (state: WireState) => void;
  readonly onHeartbeat: () => void;
}

/** Holds the current session: listens to its state, and replaces it before its secrets expire. */
export class SessionKeeper {
  readonly #ports: SessionKeeperPorts;
  #current: Session | undefined;
  #stream: StateStream | undefined;
  #cancelHeartbeat: Cancel = () => undefined;
  #cancelRefresh: Cancel = () => undefined;
  #cancelAdopted: Cancel = () => undefined;
  /** While a delivery before the last one is still in use: until when. */
  #adoptedUntilMs: number | undefined;
  #starting: Promise<void> | undefined;
  #restartNotBeforeMs = 0;
  #pricesToldVersion = '';
  #secretsToldVersion: string | undefined;
  #stopped = false;

  constructor(ports: SessionKeeperPorts) {
    this.#ports = ports;
  }

  /** @throws SessionEndedError before the first session */
  get current(): Session {
    if (this.#current === undefined) {
      throw new SessionEndedError('Iron Cage has not started yet.', { status: 503 });
    }
    return this.#current;
  }

  /** Starts the first session, or the next one. One at a time. */
  start(): Promise<void> {
    this.#starting ??= this.#startOne().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** After the server has ended a session: starts another one, but not again and again. */
  restart(): Promise<void> {
    const nowMs = this.#ports.clock.monotonicMs();
    if (this.#starting !== undefined) return this.#starting;
    if (this.#isKilled) return Promise.resolve();
    if (this.#stopped || nowMs < this.#restartNotBeforeMs) return Promise.resolve();
    this.#restartNotBeforeMs = nowMs + RESTART_PAUSE_MS;
    return this.start();
  }

  get #isKilled(): boolean {
    return this.#ports.state.name === 'killed';
  }

  stop(): void {
    this.#stopped = true;
    this.#stream?.close();
    this.#cancelHeartbeat();
    this.#cancelRefresh();
    this.#cancelAdopted();
  }

  async #startOne(): Promise<void> {
    const { transport, clock, state, agentName, startTimeoutMs, pricesKeys, safety, onSession } =
      this.#ports;
    const previous = this.#current;
    const toldVersion = this.#secretsToldVersion;
    const session = await startSession(transport, clock, {
      agentName,
      timeoutMs: startTimeoutMs,
      pricesKeys,
      replaces: previous?.id,
    });
    if (this.#stopped || this.#isKilled) {
      session.secrets.wipe();
      transport.proofs.drop(session.id);
      return;
    }
    await safety.follow(session.pii);
    this.#goOnWith(session, previous);
    this.#current = session;
    this.#stream?.close();
    this.#stream = new StateStream(transport, clock, session.id, (told) => {
      this.#see(told);
    });
    state.restart(session.project.state, session.unbounded);
    onSession(session, previous);
    this.#planRefresh(session);
    // Told while this session was on its way, and perhaps after the server had looked what to give it.
    const newestVersion = this.#secretsToldVersion;
    if (newestVersion !== toldVersion && newestVersion !== session.secretsVersion)
      this.#planRefetch(session);
    this.#planHeartbeat(session.heartbeatMs);
  }

  /** What the server cannot read for the moment is used as it was delivered before, until that expires. */
  #goOnWith(session: Session, previous: Session | undefined): void {
    this.#cancelAdopted();
    const untilMs = this.#adoptedUntilMs ?? previous?.secretsUntilMs ?? 0;
    const leftMs = untilMs - this.#ports.clock.monotonicMs();
    this.#adoptedUntilMs = undefined;
    if (previous === undefined || leftMs <= 0 || !session.secrets.adopt(previous.secrets)) return;
    this.#adoptedUntilMs = untilMs;
    this.#cancelAdopted = this.#ports.clock.schedule(leftMs, () => {
      this.#adoptedUntilMs = undefined;
      session.secrets.dropAdopted();
    });
  }

  #planRefresh(session: Session): void {
    this.#cancelRefresh();
    const { secretsUntilMs, secretsLifeMs, secrets } = session;
    const endOfLifeMs = secretsUntilMs - secretsLifeMs * (1 - REFRESH_AFTER);
    const leftMs = endOfLifeMs - this.#ports.clock.monotonicMs();
    const soonMs = secrets.isIncomplete ? Math.min(leftMs, INCOMPLETE_REFRESH_MS) : leftMs;
    const delayMs = Math.max(1_000, soonMs);
    this.#cancelRefresh = this.#ports.clock.schedule(delayMs, () => {
      void this.#refresh(session);
    });
  }

  async #refresh(session: Session): Promise<void> {
    if (this.#isKilled) return;
    try {
      await this.start();
    } catch (error) {
      this.#ports.state.seeRefusal(error);
      this.#ports.emit('warning', {
        code: 'SECRETS_NOT_REFRESHED',
        message: findIronCageError(error)?.message ?? 'The secrets could not be fetched again.',
      });
      const leftMs = session.secretsUntilMs - this.#ports.clock.monotonicMs();
      const isGone = error instanceof NoSecretError || error instanceof SessionKilledError;
      if (leftMs <= 0 || isGone) session.secrets.wipe();
      if (!this.#stopped) this.#retryRefresh(session, leftMs);
    }
  }

  #retryRefresh(session: Session, leftMs: number): void {
    const delayMs = leftMs > 0 ? Math.max(1_000, leftMs / 4) : 15_000;
    this.#cancelRefresh = this.#ports.clock.schedule(delayMs, () => {
      void this.#refresh(session);
    });
  }

  /** Rotated, changed or taken away: what is held now is of no use for long. */
  #seeSecrets({ session, key, secretsVersion }: WireState): void {
    const isKnown =
      secretsVersion === undefined ||
      secretsVersion === this.current.secretsVersion ||
      secretsVersion === this.#secretsToldVersion;
    this.#secretsToldVersion = secretsVersion;
    if (session !== 'active' || key !== 'active') return;
    // A key that was stopped for a while has lost its secrets.
    if (isKnown && !this.current.secrets.isWiped) return;
    this.#planRefetch(this.current);
  }

  /** Not all agents of a project in the same moment. */
  #planRefetch(session: Session): void {
    this.#cancelRefresh();
    this.#cancelRefresh = this.#ports.clock.schedule(randomInt(REFETCH_SPREAD_MS), () => {
      void this.#refresh(session);
    });
  }

  #planHeartbeat(delayMs: number): void {
    this.#cancelHeartbeat();
    this.#cancelHeartbeat = this.#ports.clock.schedule(delayMs, () => {
      void this.#heartbeat().finally(() => {
        if (!this.#stopped) this.#planHeartbeat(this.current.heartbeatMs);
      });
    });
  }

  async #heartbeat(): Promise<void> {
    const { transport, state } = this.#ports;
    const path = `v1/sdk/sessions/${this.current.id}/heartbeat`;
    try {
      const { id: sessionId } = this.current;
      const options = { timeoutMs: HEARTBEAT_TIMEOUT_MS, background: true, sessionId };
      this.#see((await transport.call('POST', path, {}, options)) as WireState);
      this.#ports.onHeartbeat();
    } catch (error) {
      // Silence changes nothing: what may still be spent is bounded by the leases.
      if (isStop(error)) state.seeRefusal(error);
      if (error instanceof SessionEndedError) await this.restart().catch(() => undefined);
    }
  }

  #see(told: WireState): void {
    if (this.#stopped) return;
    this.#ports.state.see(told);
    // The keys are of no use any more.
    if (told.key === 'revoked' || told.session === 'killed') this.current.secrets.wipe();
    if (told.pii !== undefined) void this.#ports.safety.follow(told.pii);
    this.#ports.onState(told);
    if (told.session === 'killed') {
      // There is nothing more to hear.
      this.#stream?.close();
      this.#cancelRefresh();
      return;
    }
    this.#seeSecrets(told);
    const isEnded = told.session === 'ended' && told.key === 'active';
    const hasNewPrices =
      told.pricesVersion !== this.current.prices.version &&
      told.pricesVersion !== this.#pricesToldVersion;
    this.#pricesToldVersion = told.pricesVersion;
    if (isEnded || hasNewPrices) {
      this.restart().catch((error: unknown) => {
        this.#ports.state.seeRefusal(error);
      });
    }
  }
}

function isStop(error: unknown): boolean {
  return (
    error instanceof KeyRevokedError ||
    error instanceof ProjectPausedError ||
    error instanceof SessionEndedError ||
    error instanceof SessionKilledError
  );
}
