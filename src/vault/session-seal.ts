import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { systemClock } from '../kernel/clock.js';
import { AppError } from '../kernel/errors.js';

const INFO = new TextEncoder().encode('iron-cage/secrets/v1');

/** An agent that the server cannot reach any more holds its secrets for no longer than this. */
export const SECRETS_TTL_SECONDS = 900;

export interface Delivery {
  readonly enc: string;
  readonly ciphertext: string;
  readonly expiresAt: number;
  readonly ttlSeconds: number;
}

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/**
 * HPKE (RFC 9180, base mode) to the session's public key; the associated data binds session, nonce and expiry.
 *
 * @throws {AppError} KEY_EXCHANGE_FAILED for a public key that is no point of the curve, or one of low order
 */
export async function sealToSession(
  publicKey: string,
  nonce: string,
  sessionId: string,
  payload: object,
): Promise<Delivery> {
  const expiresAt = Math.floor(systemClock.now() / 1000) + SECRETS_TTL_SECONDS;
  const plaintext = new TextEncoder().encode(JSON.stringify(payload));
  try {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- the library's types need the DOM's CryptoKey
    const recipientPublicKey = await suite.kem.deserializePublicKey(
      Buffer.from(publicKey, 'base64url'),
    );
    const sealed = await suite.seal(
      // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- as above
      { recipientPublicKey, info: INFO },
      plaintext,
      new TextEncoder().encode(`${sessionId}.${nonce}.${String(expiresAt)}`),
    );
    return {
      enc: Buffer.from(sealed.enc).toString('base64url'),
      ciphertext: Buffer.from(sealed.ct).toString('base64url'),
      expiresAt,
      ttlSeconds: SECRETS_TTL_SECONDS,
    };
  } catch (cause) {
    throw new AppError(
      'KEY_EXCHANGE_FAILED',
      'The public key is not a usable X25519 key. Make a fresh key pair for each session.',
      { cause },
    );
  } finally {
    plaintext.fill(0);
  }
}
