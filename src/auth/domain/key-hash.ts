import { createHmac, hash, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Pepper {
  readonly version: number;
  readonly key: KeyObject;
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
    hmac: createHmac('sha256', pepper.key).update(key).digest(),
    pepperVersion: pepper.version,
  };
}

/** @param pepper the one that the stored hash was made with; any other makes it unequal, after the same work */
export function keyMatches(
  pepper: Pepper,
  key: string,
  stored: StoredHash | null | undefined,
): boolean {
  const { hmac } = hashKey(pepper, key);
  const comparable = stored?.pepperVersion === pepper.version && stored.hmac.length === hmac.length;
  const equal = timingSafeEqual(hmac, comparable ? stored.hmac : NOBODY);
  return comparable && equal;
}

/**
 * What a leaked key is found by: whoever finds one computes its SHA-256, and what is stored is an HMAC of that. Neither a dump nor the
 * reports say what the key is, and nobody who only writes to the database can make a key of somebody else's hash.
 *
 * @param sha256 of the whole key
 */
export function leakHash(leakKey: Buffer, sha256: Buffer): Buffer {
  return createHmac('sha256', leakKey).update('leaked-key\n').update(sha256).digest();
}

export function sha256Of(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
