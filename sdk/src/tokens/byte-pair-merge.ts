import type { RankTable } from './rank-table.js';

/** Pieces up to this many bytes are merged by plain scanning: faster than a heap, and bounded. */
const SCAN_BYTES_MAX = 48;

/** Counts elementary steps, so that a test can show that the work grows with n·log n. */
export interface MergeSteps {
  steps: number;
}

/**
 * Counts the tokens of one piece exactly as byte pair encoding does: always merge the adjacent
 * pair with the lowest rank, the leftmost of equals. O(n log n) for any input.
 */
export function countMergedTokens(
  table: RankTable,
  bytes: Uint8Array,
  length: number,
  work?: MergeSteps,
): number {
  if (length <= 1 || table.rankOf(bytes, 0, length) >= 0) return Math.min(length, 1);
  return length <= SCAN_BYTES_MAX
    ? mergeByScanning(table, bytes, length)
    : mergeByHeap(table, bytes, length, work);
}

/** Where token i starts, and the rank of the pair (i, i + 1). Nothing here waits, so one of each is enough. */
const scanBounds = new Int32Array(SCAN_BYTES_MAX + 1);
const scanRanks = new Int32Array(SCAN_BYTES_MAX);

function mergeByScanning(table: RankTable, bytes: Uint8Array, length: number): number {
  let tokens = length;
  const pairRank = (index: number): number =>
    index + 2 > tokens
      ? -1
      : table.rankOf(bytes, scanBounds[index] ?? 0, scanBounds[index + 2] ?? length);
  for (let index = 0; index <= length; index += 1) scanBounds[index] = index;
  for (let index = 0; index < length; index += 1) scanRanks[index] = pairRank(index);
  for (;;) {
    let best = -1;
    let bestRank = Number.POSITIVE_INFINITY;
    for (let index = 0; index < tokens - 1; index += 1) {
      const rank = scanRanks[index] ?? -1;
      if (rank >= 0 && rank < bestRank) [best, bestRank] = [index, rank];
    }
    if (best < 0) return tokens;
    scanBounds.copyWithin(best + 1, best + 2, tokens + 1);
    scanRanks.copyWithin(best + 1, best + 2, tokens);
    tokens -= 1;
    scanRanks[best] = pairRank(best);
    if (best > 0) scanRanks[best - 1] = pairRank(best - 1);
  }
}

function mergeByHeap(
  table: RankTable,
  bytes: Uint8Array,
  length: number,
  work: MergeSteps | undefined,
): number {
  const next = Int32Array.from({ length }, (_, index) => index + 1);
  const previous = Int32Array.from({ length }, (_, index) => index - 1);
  const ranks = new Int32Array(length).fill(-1); // of the pair that starts here; -1: none or merged
  const heap = new PairHeap(length, work);
  const refresh = (start: number): void => {
    const second = next[start] ?? length;
    const rank = second >= length ? -1 : table.rankOf(bytes, start, next[second] ?? length);
    ranks[start] = rank;
    if (rank >= 0) heap.push(rank, start);
  };
  for (let start = 0; start < length - 1; start += 1) refresh(start);
  let tokens = length;
  for (let pair = heap.pop(); pair !== undefined; pair = heap.pop()) {
    if (ranks[pair.start] !== pair.rank) continue; // overtaken by a neighbour's merge
    const removed = next[pair.start] ?? length;
    const after = next[removed] ?? length;
    next[pair.start] = after;
    if (after < length) previous[after] = pair.start;
    ranks[removed] = -1;
    tokens -= 1;
    refresh(pair.start);
    const before = previous[pair.start] ?? -1;
    if (before >= 0) refresh(before);
  }
  return tokens;
}

/** A binary heap of (rank, start), kept as one number each: rank × 2³² + start. */
class PairHeap {
  #keys: Float64Array;
  #size = 0;
  readonly #work: MergeSteps | undefined;

  constructor(capacity: number, work: MergeSteps | undefined) {
    this.#keys = new Float64Array(capacity * 2 + 16);
    this.#work = work;
  }

  push(rank: number, start: number): void {
    if (this.#size === this.#keys.length) {
      const larger = new Float64Array(this.#size * 2);
      larger.set(this.#keys);
      this.#keys = larger;
    }
    const key = rank * 2 ** 32 + start;
    let index = this.#size;
    this.#size += 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#keys[parent] ?? 0;
      if (above <= key) break;
      this.#keys[index] = above;
      index = parent;
      this.#step();
    }
    this.#keys[index] = key;
    this.#step();
  }

  pop(): { rank: number; start: number } | undefined {
    if (this.#size === 0) return undefined;
    const top = this.#keys[0] ?? 0;
    this.#size -= 1;
    this.#sink(this.#keys[this.#size] ?? 0);
    return { rank: Math.floor(top / 2 ** 32), start: top % 2 ** 32 };
  }

  #sink(key: number): void {
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && (this.#keys[child + 1] ?? 0) < (this.#keys[child] ?? 0)) {
        child += 1;
      }
      const below = this.#keys[child] ?? 0;
      if (below >= key) break;
      this.#keys[index] = below;
      index = child;
      this.#step();
    }
    this.#keys[index] = key;
    this.#step();
  }

  #step(): void {
    if (this.#work !== undefined) this.#work.steps += 1;
  }
}
