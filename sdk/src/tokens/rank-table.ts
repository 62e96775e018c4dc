import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The vocabularies that OpenAI's models use; the ranks come from the `tiktoken` package. */
export type EncodingName = 'o200k_base' | 'cl100k_base';

const HASH_SEED = 0x811c9dc5;
const HASH_PRIME = 0x01000193;
const SPACE = 0x20;
const QUOTE = 0x22;

/**
 * All tokens of a vocabulary in one byte array with an open-addressing hash index: a Map of
 * 200,000 strings would cost five times the memory and start-up time.
 */
export class RankTable {
  readonly #bytes: Uint8Array;
  readonly #ends: Uint32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly size: number;
  readonly longestToken: number;

  constructor(base64Tokens: Uint8Array) {
    const { bytes, ends, size, longest } = decodeTokens(base64Tokens);
    this.#bytes = bytes;
    this.#ends = ends;
    this.size = size;
    this.longestToken = longest;
    this.#mask = 2 ** Math.ceil(Math.log2(size * 2)) - 1;
    this.#slots = new Int32Array(this.#mask + 1).fill(-1);
    for (let rank = 0; rank < size; rank += 1) this.#insert(rank);
  }

  /** @returns the rank of `source[start, end)`, or -1 when it is not a token. */
  rankOf(source: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length > this.longestToken) return -1;
    let slot = hash(source, start, end) & this.#mask;
    for (;;) {
      const rank = this.#slots[slot] ?? -1;
      if (rank < 0) return -1;
      const from = this.#startOf(rank);
      if ((this.#ends[rank] ?? 0) - from === length && this.#equals(from, source, start, length)) {
        return rank;
      }
      slot = (slot + 1) & this.#mask;
    }
  }

  #insert(rank: number): void {
    let slot = hash(this.#bytes, this.#startOf(rank), this.#ends[rank] ?? 0) & this.#mask;
    while ((this.#slots[slot] ?? -1) >= 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = rank;
  }

  #startOf(rank: number): number {
    return rank === 0 ? 0 : (this.#ends[rank - 1] ?? 0);
  }

  #equals(from: number, source: Uint8Array, start: number, length: number): boolean {
    for (let index = 0; index < length; index += 1) {
      if (this.#bytes[from + index] !== source[start + index]) return false;
    }
    return true;
  }
}

const loaded = new Map<EncodingName, RankTable>();

/** Loads a vocabulary on first use (some tens of milliseconds) and keeps it. */
export function rankTable(encoding: EncodingName): RankTable {
  let table = loaded.get(encoding);
  if (table === undefined) {
    const path = createRequire(import.meta.url).resolve(`tiktoken/encoders/${encoding}.json`);
    table = new RankTable(tokenList(readFileSync(path)));
    loaded.set(encoding, table);
  }
  return table;
}

/** Loads a vocabulary in a quiet moment; a failure shows when it is needed. */
export function preloadRanks(encoding: EncodingName): void {
  setImmediate(() => {
    try {
      rankTable(encoding);
    } catch {
      // Counting reports it, to the caller whom it concerns.
    }
  });
}

/** Cuts the list `! 0 <token> <token> …` out of the file without parsing 2 MB of JSON. */
function tokenList(file: Buffer): Uint8Array {
  const marker = '"bpe_ranks":"! 0 ';
  const start = file.indexOf(marker);
  const end = file.indexOf(QUOTE, start + marker.length);
  const list = file.subarray(start + marker.length, end);
  if (start < 0 || end < 0 || list.includes('\\') || list.includes('!')) {
    throw new Error('the installed tiktoken package has an unknown file format');
  }
  return list;
}

function decodeTokens(list: Uint8Array): {
  bytes: Uint8Array;
  ends: Uint32Array;
  size: number;
  longest: number;
} {
  const sextets = new Int8Array(128).fill(-1);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  for (let value = 0; value < 64; value += 1) sextets[alphabet.charCodeAt(value)] = value;
  const bytes = new Uint8Array(Math.ceil((list.length * 3) / 4));
  const ends = new Uint32Array(Math.ceil(list.length / 3));
  let [length, size, longest, bits, bitCount] = [0, 0, 0, 0, 0];
  for (let index = 0; index <= list.length; index += 1) {
    const character = list[index] ?? SPACE;
    if (character === SPACE) {
      longest = Math.max(longest, length - (size === 0 ? 0 : (ends[size - 1] ?? 0)));
      ends[size] = length;
      size += 1;
      [bits, bitCount] = [0, 0];
      continue;
    }
    const value = sextets[character] ?? -1;
    if (value < 0) continue; // padding
    bits = ((bits << 6) | value) & 0xffffff;
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes[length] = (bits >> bitCount) & 0xff;
      length += 1;
    }
  }
  return { bytes: bytes.slice(0, length), ends: ends.slice(0, size), size, longest };
}

function hash(source: Uint8Array, start: number, end: number): number {
  let value = HASH_SEED;
  for (let index = start; index < end; index += 1) {
    value = Math.imul(value ^ (source[index] ?? 0), HASH_PRIME);
  }
  return (value ^ (value >>> 15)) >>> 0;
}
