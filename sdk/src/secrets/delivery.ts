import { randomBytes, type webcrypto } from 'node:crypto';

import type { CipherSuite } from '@hpke/core';

import { ServerError } from '../errors/catalogue.js';
import type { WireProofKey, WireSecret, WireSession } from '../wire/protocol.js';

const info = new TextEncoder().encode('iron-cage/secrets/v1').buffer;
const NONCE_BYTES = 24;

/** Sixty files: they load when the first session starts, not when somebody imports this package. */
let library: Promise<typeof import('@hpke/core')> | undefined;

/** Makes the cipher suite of the protocol: RFC 9180 base mode over X25519 and AES-256-GCM. */
async function deliverySuite(): Promise<CipherSuite> {
  library ??= import('@hpke/core');
  const { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } = await library;
  return new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });
}

export interface Delivered {
  readonly secrets: readonly WireSecret[];
  /** undefined: the server is older and knows no proofs. */
  readonly proof: WireProofKey | undefined;
}

/** One fresh key pair for one delivery: nobody else, not even later, can open it. */
export class DeliveryRequest {
  readonly nonce = randomBytes(NONCE_BYTES).toString('base64url');
  readonly publicKey: string;
  readonly #suite: CipherSuite;
  readonly #pair: webcrypto.CryptoKeyPair;

  private constructor(suite: CipherSuite, pair: webcrypto.CryptoKeyPair, publicKey: string) {
    this.#suite = suite;
    this.#pair = pair;
    this.publicKey = publicKey;
  }

  static async create(): Promise<DeliveryRequest> {
    const suite = await deliverySuite();
    // The library names DOM's type, which is Node's as well.
    const pair = (await suite.kem.generateKeyPair()) as webcrypto.CryptoKeyPair;
    const raw = await suite.kem.serializePublicKey(pair.publicKey);
    return new DeliveryRequest(suite, pair, Buffer.from(raw).toString('base64url'));
  }

  /** @throws ServerError when the delivery was not made for this request, or was altered. */
  async open(session: Pick<WireSession, 'sessionId' | 'secrets'>): Promise<Delivered> {
    const { enc, ciphertext, expiresAt } = session.secrets;
    const aad = `${session.sessionId}.${this.nonce}.${expiresAt.toString()}`;
    let plaintext: ArrayBuffer;
    try {
      plaintext = await this.#suite.open(
        { recipientKey: this.#pair, enc: bytes(enc), info },
        bytes(ciphertext),
        new TextEncoder().encode(aad).buffer,
      );
    } catch (cause) {
      throw new ServerError('The delivered secrets cannot be opened: they were altered.', {
        status: 502,
        cause,
      });
    }
    const buffer = Buffer.from(plaintext);
    try {
      const parsed = JSON.parse(buffer.toString('utf8')) as Partial<Delivered>;
      return { secrets: parsed.secrets ?? [], proof: parsed.proof };
    } finally {
      buffer.fill(0);
    }
  }
}

function bytes(base64url: string): ArrayBuffer {
  const buffer = Buffer.from(base64url, 'base64url');
  return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
}
