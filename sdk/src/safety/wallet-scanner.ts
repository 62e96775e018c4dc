import { createHash } from 'node:crypto';

import type { Finding } from './finding.js';

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const bech32Alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
/** Bitcoin (base58 and bech32) and Ethereum. */
const candidate =
  /(?<![A-Za-z0-9])(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,71}|0x[0-9a-fA-F]{40})(?![A-Za-z0-9])/g;

/** Finds addresses of wallets whose check sums are right. */
export function findWallets(text: string, found: Finding[]): void {
  for (const { 0: value, index } of text.matchAll(candidate)) {
    if (isWallet(value)) found.push({ type: 'wallet', start: index, end: index + value.length });
  }
}

function isWallet(value: string): boolean {
  if (value.startsWith('0x')) return new Set(value).size > 8;
  return value.startsWith('bc1') ? passesBech32(value) : passesBase58Check(value);
}

/** 21 bytes and the first four of their double SHA-256. */
function passesBase58Check(value: string): boolean {
  let number = 0n;
  for (const character of value) number = number * 58n + BigInt(alphabet.indexOf(character));
  const hex = number.toString(16);
  if (hex.length > 50) return false;
  const bytes = Buffer.from(hex.padStart(50, '0'), 'hex');
  const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest();
  return sha256(sha256(bytes.subarray(0, 21)))
    .subarray(0, 4)
    .equals(bytes.subarray(21));
}

/** BIP 173 and BIP 350. */
function passesBech32(value: string): boolean {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  let check = 1;
  const feed = (part: number): void => {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ part;
    generators.forEach((generator, bit) => {
      if (((top >>> bit) & 1) === 1) check ^= generator;
    });
  };
  for (const part of [3, 3, 0, 2, 3]) feed(part); // "bc"
  for (const character of value.slice(3)) feed(bech32Alphabet.indexOf(character));
  return check === 1 || check === 0x2bc830a3;
}
