import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { type Answer, call, type Json, sessionRequest } from './installation.js';

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

export interface Opened {
  readonly secrets: Json[];
  readonly proof: { readonly keyVersion: number; readonly key: string; readonly time: number };
}

export interface SealedSession {
  readonly answer: Answer;
  readonly sessionId: string;
  /** What the secrets were bound to. */
  readonly aad: string;
  open(aad?: string): Promise<Opened>;
}

/** A session whose secrets the test can open, as an SDK does; the answer may be a refusal. */
export async function sealedSession(url: string, token: string): Promise<SealedSession> {
  const pair = await suite.kem.generateKeyPair();
  const publicKey = Buffer.from(await suite.kem.serializePublicKey(pair.publicKey)).toString(
    'base64url',
  );
  const body = {
    ...sessionRequest(publicKey),
    nonce: Buffer.alloc(16, 3).toString('base64url'),
  };
  const answer = await call(url, 'POST', '/v1/sdk/sessions', { token, body });
  const sessionId = answer.body['sessionId'] as string;
  const bound = `${sessionId}.${body.nonce}.${answer.body['secrets']?.expiresAt}`;
  return {
    answer,
    sessionId,
    aad: bound,
    open: async (aad = bound) => {
      const { enc, ciphertext } = answer.body['secrets'];
      const plain = await suite.open(
        {
          recipientKey: pair.privateKey,
          enc: Buffer.from(enc, 'base64url'),
          info: new TextEncoder().encode('iron-cage/secrets/v1'),
        },
        Buffer.from(ciphertext, 'base64url'),
        new TextEncoder().encode(aad),
      );
      return JSON.parse(new TextDecoder().decode(plain)) as Opened;
    },
  };
}

/** The value of one field, as a new session of this key gets it. */
export async function delivered(url: string, key: string, field: string): Promise<string[]> {
  const session = await sealedSession(url, key);
  if (session.answer.status !== 201) throw new Error(JSON.stringify(session.answer.body));
  const { secrets } = await session.open();
  return secrets.flatMap((secret) => (secret['fields'][field] as string | undefined) ?? []);
}
