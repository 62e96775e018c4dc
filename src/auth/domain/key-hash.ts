import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Pepper {
  readonly version: number;
  readonly bytes: Buffer;
}

export interface StoredHash {
  readonly hmac: Buffer;
  readonly pepperVersion: number;
}

/** Compared with when there is no such key, so that an unknown id takes as long as a wrong secret. */
const NOBODY = randomBytes(32);

/** HMAC and not a plain hash: somebody who can write to the database still cannot plant a key. */
export function hashKey(pepper: Pepper, key: string): StoredHash {
  return {
    hmac: createHmac('sha256', pepper.bytes).update(key).digest(),
    pepperVersion: pepper.version,
  };
}

export function keyMatches(pepper: Pepper, key: string, stored: StoredHash | undefined): boolean {
  const { hmac } = hashKey(pepper, key);
  const comparable = stored?.pepperVersion === pepper.version && stored.hmac.length === hmac.length;
  const equal = timingSafeEqual(hmac, comparable ? stored.hmac : NOBODY);
  return comparable && equal;
}
