import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * Iron Cage keys: `ic_<env>_<id:8>_<secret:32><crc:6>` in base62. The prefix lets scanners find leaked keys, the whole is one word for
 * a double click, 32 characters carry 190 bits, and the checksum refuses a mistyped key before anything is looked up.
 */
export type KeyEnvironment = 'dev' | 'live';

export interface ParsedKey {
  readonly environment: KeyEnvironment;
  /** Public part: identifies the row, is shown in lists. */
  readonly id: string;
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const FORMAT = /^ic_(dev|live)_([0-9A-Za-z]{8})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;
const ID_LENGTH = 8;
const SECRET_LENGTH = 32;
const CHECKSUM_LENGTH = 6;

export function keyPrefix(environment: KeyEnvironment, id: string): string {
  return `ic_${environment}_${id}`;
}

export function generateKey(environment: KeyEnvironment): { id: string; key: string } {
  const id = randomBase62(ID_LENGTH);
  return { id, key: renewKey(environment, id) };
}

/** A key of the same id with a new secret. */
export function renewKey(environment: KeyEnvironment, id: string): string {
  const body = `${keyPrefix(environment, id)}_${randomBase62(SECRET_LENGTH)}`;
  return body + checksum(body);
}

/** @returns the readable parts, or `undefined` when the form or the checksum is wrong. Says nothing about validity. */
export function parseKey(text: string): ParsedKey | undefined {
  const match = FORMAT.exec(text);
  if (!match) return undefined;
  const [, environment, id = '', , sum = ''] = match;
  if (checksum(text.slice(0, -CHECKSUM_LENGTH)) !== sum) return undefined;
  return { environment: environment as KeyEnvironment, id };
}

/** CRC-32 (IEEE 802.3) of the ASCII text before it, as six base62 digits. */
function checksum(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = ALPHABET.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** Rejection sampling: every character is equally likely. */
function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length * 2)) {
      if (byte < 248 && text.length < length) text += ALPHABET.charAt(byte % 62);
    }
  }
  return text;
}
