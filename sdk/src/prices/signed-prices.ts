import { createPublicKey, verify, type KeyObject } from 'node:crypto';

import { IronCageError } from '../errors/iron-cage-error.js';
import type { WirePriceTable } from './price-table.js';

const CONTEXT = 'iron-cage/prices/v1';
const KEY_BYTES = 32;

export interface WireSignature {
  readonly algorithm: string;
  /** The raw Ed25519 public key, base64url. */
  readonly key: string;
  readonly value: string;
}

export type WireSignedPrices = WirePriceTable & { readonly signature?: WireSignature };

/** Whose prices they are: a bundle of another project does not verify. */
export interface PricesOwner {
  readonly organizationId: string;
  readonly projectId: string;
}

/** The prices are not those that the server signed, or not signed with the pinned key. */
export class PricesNotTrustedError extends IronCageError {
  static override readonly code = 'PRICES_NOT_TRUSTED';
}

/** Reads pinned keys, separated by commas: while a key is replaced, both are right. */
export function parsePricesKeys(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

/** True for 32 bytes in base64url. */
export function isPricesKey(key: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(key) && Buffer.from(key, 'base64url').length === KEY_BYTES;
}

/**
 * Checks who made the prices. Without a pinned key the bundle must fit the key that it names, which
 * shows damage but not a forger; a server that does not sign is believed then.
 * @param pinned the keys to accept; empty: any
 * @throws PricesNotTrustedError
 */
export function checkSignature(
  prices: WireSignedPrices,
  owner: PricesOwner,
  pinned: readonly string[],
): void {
  const { signature, ...signed } = prices;
  if (signature === undefined) {
    if (pinned.length === 0) return;
    throw new PricesNotTrustedError(
      'The server sent prices without a signature, and a prices key is pinned. Update the server, ' +
        'or remove IRON_CAGE_PRICES_KEY.',
      { status: 502 },
    );
  }
  if (pinned.length > 0 && !pinned.includes(signature.key)) {
    throw new PricesNotTrustedError(
      'The prices are signed with another key than the pinned one. Compare IRON_CAGE_PRICES_KEY ' +
        'with what `iron-cage prices public-key` prints.',
      { status: 502, details: { key: signature.key } },
    );
  }
  const { organizationId, projectId } = owner;
  const text = canonicalJson({ context: CONTEXT, organizationId, projectId, prices: signed });
  if (!isGenuine(signature, text)) {
    throw new PricesNotTrustedError(
      'The signature of the prices is wrong: they were changed on the way, or are not meant for ' +
        'this project.',
      { status: 502 },
    );
  }
}

function isGenuine({ algorithm, key, value }: WireSignature, text: string): boolean {
  if (algorithm !== 'Ed25519' || !isPricesKey(key)) return false;
  try {
    const publicKey: KeyObject = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: key },
      format: 'jwk',
    });
    return verify(null, Buffer.from(text, 'utf8'), publicKey, Buffer.from(value, 'base64url'));
  } catch {
    return false;
  }
}

/**
 * JSON in one form only: keys sorted by their UTF-16 code units, no spaces, numbers as JavaScript
 * prints them (RFC 8785).
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([first], [second]) => (first < second ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}
