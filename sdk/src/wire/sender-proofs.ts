import { ProofRefusedError } from '../errors/catalogue.js';
import type { IronCageError } from '../errors/iron-cage-error.js';
import type { Clock } from '../identity/clock.js';
import { SealedValue } from '../secrets/sealed-value.js';
import type { WireError, WireProofKey } from './protocol.js';
import { proofHeader, type SignedRequest } from './sender-proof.js';
import { UnreachableError } from './unreachable.js';

const codes = new Set([
  'PROOF_REQUIRED',
  'PROOF_INVALID',
  'PROOF_EXPIRED',
  'PROOF_OF_OTHER_SESSION',
]);

interface SessionKey {
  readonly keyVersion: number;
  readonly value: SealedValue;
  /** The server has taken a proof of it. */
  isConfirmed: boolean;
}

export interface Signature {
  readonly header: string;
  readonly sessionId: string;
}

/**
 * The keys with which this process proves that a request comes from one of its sessions. They live as long as the session has
 * something to tell, in memory only, and die with the process.
 */
export class SenderProofs {
  readonly #clock: Clock;
  readonly #keys = new Map<string, SessionKey>();
  #newest: string | undefined;
  /** What to add to the monotonic clock to get the server's. */
  #offsetMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param told undefined: the server is older and knows no proofs */
  add(sessionId: string, told: WireProofKey | undefined): void {
    if (told === undefined) return;
    const value = new SealedValue(Buffer.from(told.key, 'base64url'));
    this.#keys.set(sessionId, { keyVersion: told.keyVersion, value, isConfirmed: false });
    this.#newest = sessionId;
    this.#follow(told.time);
  }

  /** Nothing more will be said in the name of this session. */
  drop(sessionId: string): void {
    this.#keys.get(sessionId)?.value.wipe();
    this.#keys.delete(sessionId);
    if (this.#newest === sessionId) this.#newest = undefined;
  }

  wipe(): void {
    for (const sessionId of [...this.#keys.keys()]) this.drop(sessionId);
  }

  /**
   * Signs with the key of the session that the request is about, else with that of the newest one: what a process left behind that
   * crashed is told by its successor.
   */
  sign(request: SignedRequest, about: string | undefined): Signature | undefined {
    const sessionId = about !== undefined && this.#keys.has(about) ? about : this.#newest;
    const key = sessionId === undefined ? undefined : this.#keys.get(sessionId);
    if (sessionId === undefined || key === undefined) return undefined;
    const timeMs = Math.round(this.#clock.monotonicMs() + this.#offsetMs);
    const terms = { sessionId, keyVersion: key.keyVersion, timeMs };
    return { sessionId, header: key.value.use((bytes) => proofHeader(request, terms, bytes)) };
  }

  /** The server took this proof. */
  confirm(signature: Signature | undefined): void {
    const key = signature && this.#keys.get(signature.sessionId);
    if (key !== undefined) key.isConfirmed = true;
  }

  /**
   * What a refusal means; nothing has changed on the server.
   * @returns undefined: it is not about the proof; `again`: the clock is right now, so sign and send once more
   */
  judge(
    refusal: WireError | undefined,
    signature: Signature | undefined,
    retryAfterMs: number | undefined,
  ): IronCageError | 'again' | undefined {
    if (refusal === undefined || !codes.has(refusal.code)) return undefined;
    const serverTime = refusal.details?.['serverTime'];
    if (refusal.code === 'PROOF_EXPIRED' && typeof serverTime === 'number') {
      this.#follow(serverTime);
      return 'again';
    }
    const key = signature && this.#keys.get(signature.sessionId);
    const isOver = refusal.code === 'PROOF_INVALID' || refusal.code === 'PROOF_REQUIRED';
    if (isOver && (signature === undefined || key === undefined || key.isConfirmed)) {
      if (signature !== undefined) this.drop(signature.sessionId);
      return new ProofRefusedError(
        'The server does not take the proofs of this session any more: a new session is needed.',
        { status: 410 },
      );
    }
    return new UnreachableError(
      isOver
        ? 'The server refuses what this agent signs. Something between them alters requests, or drops the header Iron-Cage-Proof.'
        : `The server refused for now (${refusal.code}): ${refusal.message}`,
      false,
      retryAfterMs,
    );
  }

  #follow(serverTimeMs: number): void {
    this.#offsetMs = serverTimeMs - this.#clock.monotonicMs();
  }
}
