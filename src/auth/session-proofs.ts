import { createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { systemClock } from '../kernel/clock.js';
import type { AgentPrincipal } from '../kernel/principal.js';
import {
  parseProof,
  PROOF_WINDOW_MS,
  proofMac,
  type SenderProof,
  type SentRequest,
} from '../kernel/sender-proof.js';
import type { Tx } from '../platform/database/index.js';
import type { Jobs } from '../platform/jobs/index.js';
import { type Keyring, SecretVersions } from '../platform/keyring/index.js';
import { proofExpired, proofInvalid } from './domain/proof-refusals.js';
import { sessionKeyOf } from './domain/session-key.js';

/** Of the secret that the keys of sessions are made from. */
export const SESSION_PROOF_SECRET = 'session-proof-key';
/** Sessions whose keys are at hand; the key of any other is made again. */
const CAPACITY = 10_000;

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
export class SessionProofs {
  /** Of sessions that have proven themselves: nobody else can fill it. */
  private readonly sessionKeys = new Map<string, KeyObject>();

  private constructor(private readonly secrets: SecretVersions) {}

  /** Before the first request: while the vault is sealed nothing can be opened any more. */
  static async open(keyring: Keyring, jobs: Jobs): Promise<SessionProofs> {
    const secrets = await SecretVersions.open(keyring, SESSION_PROOF_SECRET);
    const { version } = secrets.current;
    if (version > 1) await secrets.of(version - 1);
    return new SessionProofs(secrets.follow(jobs));
  }

  issue(agent: AgentPrincipal, sessionId: string): IssuedProofKey {
    const { version: keyVersion, key: secret } = this.secrets.current;
    const bytes = sessionKeyOf(secret, agent, sessionId);
    const key = bytes.toString('base64url');
    bytes.fill(0);
    return { keyVersion, key, time: systemClock.now() };
  }

  /**
   * @returns the session whose proof this is
   * @throws {AppError} PROOF_INVALID; PROOF_EXPIRED, only to who holds the key of the session
   */
  async verify(agent: AgentPrincipal, request: SentRequest, header: string): Promise<string> {
    const proof = parseProof(header);
    if (!proof) throw proofInvalid('it does not have the form of one');
    const secret = await this.secretOf(proof.keyVersion);
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

  /**
   * A new secret for sessions that start from now on; those of the version before the current one are over. Once it is committed call
   * {@link refresh}.
   *
   * @throws {AppError} CONFLICT, VAULT_SEALED
   */
  async rotate(tx: Tx): Promise<void> {
    const version = await this.secrets.rotate(tx);
    await this.secrets.dropBefore(tx, version - 1);
  }

  refresh(): Promise<void> {
    return this.secrets.refresh();
  }

  /** The number comes from outside: only neighbours of what is known are looked for, and what is over stays so, at hand or not. */
  private async secretOf(version: number): Promise<KeyObject | undefined> {
    const newest = this.secrets.current.version;
    if (version < newest - 1 || version > newest + 2) return undefined;
    return (await this.secrets.of(version))?.key;
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
