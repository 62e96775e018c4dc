/**
 * A text as the detectors read it: every way to write the same character is one, and each position
 * leads back to the text that it came from.
 */
export interface ReadableText {
  readonly text: string;
  /** Position in the original of a position in `text`. */
  readonly startOf: (position: number) => number;
  /** End in the original of an (exclusive) end in `text`. */
  readonly endOf: (end: number) => number;
}

/** Pieces that were copied or replaced, in order. */
export class TextMap {
  readonly #parts: string[] = [];
  /** Where each piece starts in the readable text and in the original, and its length there. */
  readonly #readable: number[] = [];
  readonly #original: number[] = [];
  readonly #originalLength: number[] = [];
  #length = 0;

  add(part: string, originalStart: number, originalLength: number): void {
    if (part === '' && originalLength === 0) return;
    this.#parts.push(part);
    this.#readable.push(this.#length);
    this.#original.push(originalStart);
    this.#originalLength.push(originalLength);
    this.#length += part.length;
  }

  finish(): ReadableText {
    return {
      text: this.#parts.join(''),
      startOf: (position) => this.#positionOf(position),
      endOf: (end) => (end === 0 ? 0 : this.#endOf(end - 1)),
    };
  }

  /** The last piece that starts at or before `position` and is not empty. */
  #pieceOf(position: number): number {
    let low = 0;
    let high = this.#readable.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#readable[middle] ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #positionOf(position: number): number {
    const piece = this.#pieceOf(position);
    const original = this.#original[piece] ?? 0;
    return this.#isCopied(piece) ? original + position - (this.#readable[piece] ?? 0) : original;
  }

  #endOf(last: number): number {
    const piece = this.#pieceOf(last);
    const original = this.#original[piece] ?? 0;
    if (this.#isCopied(piece)) return original + last + 1 - (this.#readable[piece] ?? 0);
    return original + (this.#originalLength[piece] ?? 0);
  }

  #isCopied(piece: number): boolean {
    return this.#parts[piece]?.length === this.#originalLength[piece];
  }
}

/** The text as it is. */
export function unchangedText(text: string): ReadableText {
  return { text, startOf: (position) => position, endOf: (end) => end };
}
