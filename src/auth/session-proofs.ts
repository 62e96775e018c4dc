import { createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { systemClock } from '../kernel/clock.js';
import type { AgentPrincipal } from '../kernel/principal.js';
import {
  parseProof,
  PROOF_WINDOW_MS,
  proofMac,
  type SenderProof,
  type SentRequest,
} from '../kernel/sender-proof.js';
import { Keyring } from '../platform/keyring/index.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { proofExpired, proofInvalid } from './domain/proof-refusals.js';
import { sessionKeyOf } from './domain/session-key.js';

/** Of the secret that the keys of sessions are made from. */
export const SESSION_PROOF_SECRET = 'session-proof-key';
/** Sessions whose keys are at hand; the key of any other is made again. */
const CAPACITY = 10_000;
const LOOK_MS = 30_000;

/** What a new session gets, inside of what is sealed to it. */
export interface IssuedProofKey {
  readonly keyVersion: number;
  /** base64url */
  readonly key: string;
  /** The server's clock, milliseconds since the Unix epoch. */
  readonly time: number;
}

/**
 * Keys that sessions prove themselves with. Each is made from a secret of the server, the Iron Cage key and the session's id
 * (HKDF-SHA256, RFC 5869), so nothing is stored or replicated per session, and a proof of another key's session fits nowhere.
 *
 * Two versions of the secret count: a rotation leaves running sessions alone, the next one ends what the older made.
 */
@Injectable()
export class SessionProofs implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly secrets = new Map<number, KeyObject>();
  private readonly pending = new Map<number, Promise<KeyObject | undefined>>();
  /** Of sessions that have proven themselves: nobody else can fill it. */
  private readonly sessionKeys = new Map<string, KeyObject>();
  private newest = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly keyring: Keyring,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Before the first request: while the vault is sealed nothing can be opened any more. */
  async onApplicationBootstrap(): Promise<void> {
    const { version, bytes } = await this.keyring.serverSecret(SESSION_PROOF_SECRET);
    this.learn(version, bytes);
    if (version > 1) await this.secretOf(version - 1);
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  issue(agent: AgentPrincipal, sessionId: string): IssuedProofKey {
    const secret = this.secrets.get(this.newest);
    if (!secret) throw new Error('the secret of session proofs has not been read');
    const bytes = sessionKeyOf(secret, agent, sessionId);
    const key = bytes.toString('base64url');
    bytes.fill(0);
    return { keyVersion: this.newest, key, time: systemClock.now() };
  }

  /**
   * @returns the session whose proof this is
   * @throws {AppError} PROOF_INVALID; PROOF_EXPIRED, only to who holds the key of the session
   */
  async verify(agent: AgentPrincipal, request: SentRequest, header: string): Promise<string> {
    const proof = parseProof(header);
    if (!proof) throw proofInvalid('it does not have the form of one');
    const secret = this.secrets.get(proof.keyVersion) ?? (await this.secretOf(proof.keyVersion));
    if (!secret) throw proofInvalid(`key version ${proof.keyVersion} is not known`);
    const name = `${proof.keyVersion}.${agent.keyId}.${proof.sessionId}`;
    const known = this.sessionKeys.get(name);
    const key = known ?? createSecretKey(sessionKeyOf(secret, agent, proof.sessionId));
    if (!isMac(proof, proofMac(key, request, proof))) {
      throw proofInvalid(`MAC of session ${proof.sessionId}, key ${agent.keyId}, does not fit`);
    }
    if (!known) this.remember(name, key);
    const nowMs = systemClock.now();
    if (Math.abs(nowMs - Number(proof.time)) > PROOF_WINDOW_MS) throw proofExpired(nowMs);
    return proof.sessionId;
  }

  /** A new secret for sessions that start from now on; those of the version before the current one are over. */
  async rotate(): Promise<void> {
    const { version, bytes } = await this.keyring.rotateServerSecret(SESSION_PROOF_SECRET);
    await this.keyring.dropServerSecrets(SESSION_PROOF_SECRET, version - 1);
    this.learn(version, bytes);
  }

  private learn(version: number, bytes: Buffer): KeyObject {
    const secret = createSecretKey(bytes);
    bytes.fill(0);
    this.secrets.set(version, secret);
    if (version > this.newest) {
      this.newest = version;
      for (const old of this.secrets.keys()) if (old < version - 1) this.secrets.delete(old);
      this.sessionKeys.clear();
    }
    return secret;
  }

  /** Another replica may have made it a moment ago. Only the neighbours of what is known are looked for, each once at a time. */
  private secretOf(version: number): Promise<KeyObject | undefined> {
    if (version < this.newest - 1 || version > this.newest + 2) return Promise.resolve(undefined);
    const running = this.pending.get(version);
    if (running) return running;
    const looking = this.keyring
      .serverSecretOf(SESSION_PROOF_SECRET, version)
      .then((found) => found && this.learn(version, found.bytes))
      .finally(() => this.pending.delete(version));
    this.pending.set(version, looking);
    return looking;
  }

  /** What another replica has rotated must end here too, whether or not a session of its comes by. */
  private async look(): Promise<void> {
    try {
      const version = await this.keyring.serverSecretVersion(SESSION_PROOF_SECRET);
      if (version <= this.newest) return;
      const found = await this.keyring.serverSecretOf(SESSION_PROOF_SECRET, version);
      if (found) this.learn(version, found.bytes);
    } catch (error) {
      this.logger.warn(
        { err: error },
        'cannot look for a new secret of session proofs; tries again',
      );
    }
  }

  private remember(name: string, key: KeyObject): void {
    this.sessionKeys.set(name, key);
    if (this.sessionKeys.size <= CAPACITY) return;
    for (const oldest of this.sessionKeys.keys()) {
      this.sessionKeys.delete(oldest);
      return;
    }
  }
}

/** Both are 43 characters: the form of a proof says so. */
function isMac({ mac }: SenderProof, wanted: string): boolean {
  return timingSafeEqual(Buffer.from(mac), Buffer.from(wanted));
}
