import { createRequire } from 'node:module';

import { readTokens } from './token-file.js';

/** The vocabularies that OpenAI's models use; the ranks come from the `tiktoken` package. */
export type EncodingName = 'o200k_base' | 'cl100k_base';

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

  /**
   * @param path a file of the `tiktoken` package. It is read twice, in small parts, and not once as a
   * whole: what is as large as the table is kept by the process long after it was let go
   */
  constructor(path: string) {
    let [size, longest, longBytes] = [0, 0, 0];
    readTokens(path, (_token, length) => {
      size += 1;
      if (length > longest) longest = length;
      if (length > INLINE_BYTES) longBytes += length;
    });
    if (longest > LENGTH_MASK) throw new Error('a token is longer than the index can tell');
    this.size = size;
    this.longestToken = longest;
    this.#mask = 2 ** Math.ceil(Math.log2(size / FILL)) - 1;
    this.#records = new Int32Array((this.#mask + 1) * WORDS);
    this.#longTokens = new Uint8Array(longBytes);
    let [rank, place] = [0, 0];
    readTokens(path, (token, length) => {
      this.#insert(rank, token, length, place);
      rank += 1;
      if (length <= INLINE_BYTES) return;
      for (let index = 0; index < length; index += 1) {
        this.#longTokens[place + index] = token[index] ?? 0;
      }
      place += length;
    });
  }

  /** @returns the rank of `source[start, end)`, or -1 when it is not a token. */
  rankOf(source: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length > this.longestToken) return -1;
    const records = this.#records;
    readKey(source, start, end);
    const first = key[0] ?? 0;
    const second = key[1] ?? 0;
    const third = key[2] ?? 0;
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

  #insert(rank: number, token: Uint8Array, length: number, place: number): void {
    const records = this.#records;
    readKey(token, 0, length);
    const first = key[0] ?? 0;
    const second = key[1] ?? 0;
    const third = key[2] ?? 0;
    let at = this.#slotOf(first, second, third) * WORDS;
    while (records[at] !== 0) at = (at + WORDS) & (records.length - 1);
    records[at] = (rank << LENGTH_BITS) | length;
    records[at + 1] = first;
    records[at + 2] = second;
    records[at + 3] = length > INLINE_BYTES ? place : third;
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

/** What {@link readKey} read last. Nothing here waits, so one is enough: an object for each look-up would be garbage. */
const key = new Int32Array(3);

/** The bytes themselves, four in a word; of a token longer than that a hash in the first word. */
function readKey(source: Uint8Array, start: number, end: number): void {
  let first = 0;
  let second = 0;
  let third = 0;
  if (end - start > INLINE_BYTES) {
    for (let index = start; index < end; index += 1) {
      first = (Math.imul(first ^ (source[index] ?? 0), 0x01000193) + 0x811c9dc5) | 0;
    }
  } else {
    for (let index = start; index < end; index += 1) {
      const offset = index - start;
      const byte = (source[index] ?? 0) << ((offset & 3) << 3);
      if (offset < 4) first |= byte;
      else if (offset < 8) second |= byte;
      else third |= byte;
    }
  }
  key[0] = first;
  key[1] = second;
  key[2] = third;
}

const loaded = new Map<EncodingName, RankTable>();

/** Loads a vocabulary on first use (some tens of milliseconds) and keeps it. */
export function rankTable(encoding: EncodingName): RankTable {
  let table = loaded.get(encoding);
  if (table === undefined) {
    const path = createRequire(import.meta.url).resolve(`tiktoken/encoders/${encoding}.json`);
    table = new RankTable(path);
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
