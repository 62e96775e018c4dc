import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The vocabularies that OpenAI's models use; the ranks come from the `tiktoken` package. */
export type EncodingName = 'o200k_base' | 'cl100k_base';

const SPACE = 0x20;
const QUOTE = 0x22;

/** Tokens up to this length stand in the index itself; nearly all do. */
const INLINE_BYTES = 12;
/** Words of one record: rank and length, then the token or, of a long one, its hash and place. */
const WORDS = 4;
const LENGTH_BITS = 8;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
const FILL = 0.8;
/** The words that a language uses most, kept apart: 64 kB stay in the cache where megabytes do not. */
const FREQUENT = 4_096;

/**
 * All tokens of a vocabulary in an open-addressing hash index: a Map of 200,000 strings would cost
 * five times the memory and start-up time. A record holds its token, so that a look-up touches one
 * line of the processor's cache and not four: between two calls the table is out of that cache.
 */
export class RankTable {
  readonly #records: Int32Array;
  readonly #frequent = new Int32Array(FREQUENT * WORDS);
  readonly #longTokens: Uint8Array;
  readonly #mask: number;
  readonly size: number;
  readonly longestToken: number;

  constructor(base64Tokens: Uint8Array) {
    const { bytes, ends, size, longest } = decodeTokens(base64Tokens);
    if (longest > LENGTH_MASK) throw new Error('a token is longer than the index can tell');
    this.size = size;
    this.longestToken = longest;
    this.#mask = 2 ** Math.ceil(Math.log2(size / FILL)) - 1;
    this.#records = new Int32Array((this.#mask + 1) * WORDS);
    // Long tokens move to the front of the same array: none can overtake what is still to be read.
    let longBytes = 0;
    for (let [rank, start] = [0, 0]; rank < size; rank += 1) {
      const end = ends[rank] ?? 0;
      this.#insert(rank, keyOf(bytes, start, end), end - start, longBytes);
      if (end - start > INLINE_BYTES) {
        bytes.copyWithin(longBytes, start, end);
        longBytes += end - start;
      }
      start = end;
    }
    this.#longTokens = bytes.slice(0, longBytes);
  }

  /** @returns the rank of `source[start, end)`, or -1 when it is not a token. */
  rankOf(source: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length > this.longestToken) return -1;
    const records = this.#records;
    const { first, second, third } = keyOf(source, start, end);
    const home = this.#slotOf(first, second, third);
    if (length <= INLINE_BYTES) {
      const frequent = this.#frequent;
      const at = (home & (FREQUENT - 1)) * WORDS;
      const head = frequent[at] ?? 0;
      const isIt =
        head !== 0 &&
        (head & LENGTH_MASK) === length &&
        frequent[at + 1] === first &&
        frequent[at + 2] === second &&
        frequent[at + 3] === third;
      if (isIt) return head >>> LENGTH_BITS;
    }
    for (let slot = home; ; slot = (slot + 1) & this.#mask) {
      const at = slot * WORDS;
      const head = records[at] ?? 0;
      if (head === 0) return -1;
      if ((head & LENGTH_MASK) !== length || records[at + 1] !== first) continue;
      const isIt =
        length <= INLINE_BYTES
          ? records[at + 2] === second && records[at + 3] === third
          : this.#equalsLong(records[at + 3] ?? 0, source, start, length);
      if (!isIt) continue;
      if (length <= INLINE_BYTES) this.#remember(home, at);
      return head >>> LENGTH_BITS;
    }
  }

  #remember(home: number, at: number): void {
    const to = (home & (FREQUENT - 1)) * WORDS;
    for (let word = 0; word < WORDS; word += 1) {
      this.#frequent[to + word] = this.#records[at + word] ?? 0;
    }
  }

  #insert(rank: number, key: TokenKey, length: number, longStart: number): void {
    const { first, second, third } = key;
    let slot = this.#slotOf(first, second, third);
    while (this.#records[slot * WORDS] !== 0) slot = (slot + 1) & this.#mask;
    const place = length > INLINE_BYTES ? longStart : third;
    this.#records.set([(rank << LENGTH_BITS) | length, first, second, place], slot * WORDS);
  }

  #slotOf(first: number, second: number, third: number): number {
    let value = Math.imul(
      first ^ Math.imul(second ^ Math.imul(third, 0x9e3779b1), 0x85ebca6b),
      0xc2b2ae35,
    );
    value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
    return (value ^ (value >>> 13)) & this.#mask;
  }

  #equalsLong(from: number, source: Uint8Array, start: number, length: number): boolean {
    for (let index = 0; index < length; index += 1) {
      if (this.#longTokens[from + index] !== source[start + index]) return false;
    }
    return true;
  }
}

interface TokenKey {
  readonly first: number;
  readonly second: number;
  readonly third: number;
}

/** The bytes themselves, four in a word; of a token longer than that a hash in the first word. */
function keyOf(source: Uint8Array, start: number, end: number): TokenKey {
  let [first, second, third] = [0, 0, 0];
  if (end - start > INLINE_BYTES) {
    for (let index = start; index < end; index += 1) {
      first = Math.imul(first ^ (source[index] ?? 0), 0x01000193) + 0x811c9dc5;
    }
    return { first: first | 0, second, third };
  }
  for (let index = start; index < end; index += 1) {
    const offset = index - start;
    const byte = (source[index] ?? 0) << ((offset & 3) << 3);
    if (offset < 4) first |= byte;
    else if (offset < 8) second |= byte;
    else third |= byte;
  }
  return { first, second, third };
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
  const ends = new Uint32Array(countSpaces(list) + 1);
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
  return { bytes, ends, size, longest };
}

function countSpaces(list: Uint8Array): number {
  let count = 0;
  // Not `for … of`: that takes many times as long on megabytes of bytes.
  for (let at = list.indexOf(SPACE); at >= 0; at = list.indexOf(SPACE, at + 1)) count += 1;
  return count;
}
