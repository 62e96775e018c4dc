import { AsciiPieces, type PieceRules } from './ascii-pieces.js';
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

/** The same as rules for ASCII. */
const pieceRules: Readonly<Record<EncodingName, PieceRules>> = {
  o200k_base: { splitsCase: true, joinsContractions: true, slashTrails: true },
  cl100k_base: { splitsCase: false, joinsContractions: false, slashTrails: false },
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
/** Buffers up to this size are kept for the next text. */
const KEPT_BYTES_MAX = 1_000_000;

type Tally = { -readonly [Key in 'wordTokens' | 'numberTokens' | 'digits']: number };

/** Exact token counts for one vocabulary, remembered per text: agents send their history again. */
export class TextCounter {
  readonly #encoding: EncodingName;
  readonly #pieces: RegExp;
  readonly #pieceHere: RegExp;
  readonly #ascii: AsciiPieces;
  readonly #texts = new Map<string, TextCount>();
  readonly #pieceTokens = new Map<string, number>();
  #textCharacters = 0;
  #scratch = Buffer.alloc(4_096);
  #bytes = Buffer.alloc(16_384);

  constructor(encoding: EncodingName) {
    this.#encoding = encoding;
    this.#pieces = new RegExp(piecePatterns[encoding], 'gu');
    this.#pieceHere = new RegExp(piecePatterns[encoding], 'uy');
    this.#ascii = new AsciiPieces(pieceRules[encoding]);
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

  /** True for a text that is remembered. */
  knows(text: string): boolean {
    return this.#texts.has(text);
  }

  #countFresh(text: string, work: MergeSteps | undefined): TextCount {
    const bytes = Buffer.byteLength(text);
    // Where little is ASCII the regular expression is faster: it then decides about most pieces.
    const tally =
      bytes > text.length * 1.1 ? this.#tallyAny(text, work) : this.#tallyAscii(text, bytes, work);
    return { ...tally, bytes };
  }

  #tallyAny(text: string, work: MergeSteps | undefined): Tally {
    const tally = { wordTokens: 0, numberTokens: 0, digits: 0 };
    for (const piece of text.match(this.#pieces) ?? []) this.#add(tally, piece, work);
    return tally;
  }

  #tallyAscii(text: string, length: number, work: MergeSteps | undefined): Tally {
    const tally = { wordTokens: 0, numberTokens: 0, digits: 0 };
    const bytes = length <= this.#bytes.length ? this.#bytes : Buffer.allocUnsafe(length);
    if (length <= KEPT_BYTES_MAX) this.#bytes = bytes;
    bytes.write(text, 'utf8');
    this.#ascii.read(bytes, length);
    const table = rankTable(this.#encoding);
    // `index` counts in the text, `start` in its bytes.
    for (let [start, index] = [0, 0]; start < length;) {
      const end = this.#ascii.endOf(start);
      if (end >= 0 && !isDigit(bytes[start])) {
        tally.wordTokens +=
          table.rankOf(bytes, start, end) >= 0
            ? 1
            : this.#pieceCount(text.slice(index, index + end - start), work);
        index += end - start;
        start = end;
        continue;
      }
      const piece = end >= 0 ? text.slice(index, index + end - start) : this.#pieceAt(text, index);
      this.#add(tally, piece, work);
      index += piece.length;
      start = end >= 0 ? end : start + Buffer.byteLength(piece);
    }
    return tally;
  }

  #pieceAt(text: string, index: number): string {
    this.#pieceHere.lastIndex = index;
    return this.#pieceHere.exec(text)?.[0] ?? text.charAt(index);
  }

  #add(tally: Tally, piece: string, work: MergeSteps | undefined): void {
    const tokens = this.#pieceCount(piece, work);
    if (digitStart.test(piece)) {
      tally.numberTokens += tokens;
      tally.digits += piece.length;
    } else {
      tally.wordTokens += tokens;
    }
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

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
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
