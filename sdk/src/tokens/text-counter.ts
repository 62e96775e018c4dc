import { countMergedTokens, type MergeSteps } from './byte-pair-merge.js';
import { rankTable, type EncodingName } from './rank-table.js';

// Rust's \s is Unicode White_Space: unlike JavaScript's it has U+0085 and lacks U+FEFF.
const S = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
// (?i:'s|'t|…) without regular expression modifiers, which Node 20 lacks; ſ folds to s.
const CONTRACTION = "'(?:[sSſ]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])";
const UPPER = '\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}';
const LOWER = '\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}';

/** How each vocabulary cuts text into pieces before merging (from tiktoken's `pat_str`). */
const piecePatterns: Readonly<Record<EncodingName, string>> = {
  o200k_base: [
    `[^\\r\\n\\p{L}\\p{N}]?[${UPPER}]*[${LOWER}]+(?:${CONTRACTION})?`,
    `[^\\r\\n\\p{L}\\p{N}]?[${UPPER}]+[${LOWER}]*(?:${CONTRACTION})?`,
    '\\p{N}{1,3}',
    ` ?[^${S}\\p{L}\\p{N}]+[\\r\\n/]*`,
    `[${S}]*[\\r\\n]+`,
    `[${S}]+(?![^${S}])`,
    `[${S}]+`,
  ].join('|'),
  cl100k_base: [
    CONTRACTION,
    '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+',
    '\\p{N}{1,3}',
    ` ?[^${S}\\p{L}\\p{N}]+[\\r\\n]*`,
    `[${S}]*[\\r\\n]+`,
    `[${S}]+(?![^${S}])`,
    `[${S}]+`,
  ].join('|'),
};

export interface TextCount {
  /** Tokens of everything but numbers. */
  readonly wordTokens: number;
  /** Tokens of the numbers (groups of up to three digits). */
  readonly numberTokens: number;
  /** Single digits: some vocabularies make one token of each. */
  readonly digits: number;
  readonly bytes: number;
}

const MEMO_ENTRIES_MAX = 2_000;
const MEMO_CHARACTERS_MAX = 8_000_000;
const PIECES_MAX = 20_000;
const PIECE_LENGTH_MAX = 32;
const digitStart = /^\p{N}/u;

/** Exact token counts for one vocabulary, remembered per text: agents send their history again. */
export class TextCounter {
  readonly #encoding: EncodingName;
  readonly #pieces: RegExp;
  readonly #texts = new Map<string, TextCount>();
  readonly #pieceTokens = new Map<string, number>();
  #textCharacters = 0;
  #scratch = Buffer.alloc(4_096);

  constructor(encoding: EncodingName) {
    this.#encoding = encoding;
    this.#pieces = new RegExp(piecePatterns[encoding], 'gu');
  }

  /** Counts `text` as plain text: names of special tokens in it have no special meaning. */
  count(text: string, work?: MergeSteps): TextCount {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const counted = this.#countFresh(text, work);
    if (
      this.#texts.size >= MEMO_ENTRIES_MAX ||
      this.#textCharacters + text.length > MEMO_CHARACTERS_MAX
    ) {
      this.#texts.clear();
      this.#textCharacters = 0;
    }
    if (text.length <= MEMO_CHARACTERS_MAX) {
      this.#texts.set(text, counted);
      this.#textCharacters += text.length;
    }
    return counted;
  }

  #countFresh(text: string, work: MergeSteps | undefined): TextCount {
    let [wordTokens, numberTokens, digits] = [0, 0, 0];
    for (const piece of text.match(this.#pieces) ?? []) {
      const tokens = this.#pieceCount(piece, work);
      if (digitStart.test(piece)) {
        numberTokens += tokens;
        digits += piece.length;
      } else {
        wordTokens += tokens;
      }
    }
    return { wordTokens, numberTokens, digits, bytes: Buffer.byteLength(text) };
  }

  #pieceCount(piece: string, work: MergeSteps | undefined): number {
    const known = this.#pieceTokens.get(piece);
    if (known !== undefined) return known;
    if (piece.length * 3 > this.#scratch.length) this.#scratch = Buffer.alloc(piece.length * 3);
    const length = this.#scratch.write(piece, 'utf8');
    const tokens = countMergedTokens(rankTable(this.#encoding), this.#scratch, length, work);
    if (piece.length <= PIECE_LENGTH_MAX) {
      if (this.#pieceTokens.size >= PIECES_MAX) this.#pieceTokens.clear();
      this.#pieceTokens.set(piece, tokens);
    }
    if (this.#scratch.length > 1_000_000) this.#scratch = Buffer.alloc(4_096);
    return tokens;
  }
}

const counters = new Map<EncodingName, TextCounter>();

/** The counter of this process for a vocabulary; its ranks load when the first piece is counted. */
export function textCounter(encoding: EncodingName): TextCounter {
  let counter = counters.get(encoding);
  if (counter === undefined) {
    counter = new TextCounter(encoding);
    counters.set(encoding, counter);
  }
  return counter;
}
