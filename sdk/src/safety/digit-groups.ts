import { isDigit, isWord } from './finding.js';

/** Numbers that stand so close together that they may be one: `+1 (212) 555-0199`. */
export class DigitGroups {
  /** Start and end of each group of digits. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly text: string;
  digits = 0;

  constructor(text: string) {
    this.text = text;
  }

  get count(): number {
    return this.starts.length;
  }

  start(index: number): number {
    return this.starts[index] ?? -1;
  }

  end(index: number): number {
    return this.ends[index] ?? -1;
  }

  size(index: number): number {
    return this.end(index) - this.start(index);
  }

  value(index: number): string {
    return this.text.slice(this.start(index), this.end(index));
  }

  /** What stands between this group and the next. */
  gap(index: number): string {
    return this.text.slice(this.end(index), this.start(index + 1));
  }

  /** The digits of the groups `first` to `last`. */
  joined(first: number, last: number): string {
    let result = '';
    for (let index = first; index <= last; index += 1) result += this.value(index);
    return result;
  }

  /** Not inside a word, and not the decimals of a number. */
  isFreeBefore(index: number): boolean {
    const start = this.start(index);
    if (start === 0) return true;
    const before = this.text.charCodeAt(start - 1);
    if (before === DOT || before === COMMA) return !isDigit(this.text.charCodeAt(start - 2));
    return !isWord(before);
  }

  isFreeAfter(index: number): boolean {
    const end = this.end(index);
    if (end >= this.text.length) return true;
    const after = this.text.charCodeAt(end);
    if (after === DOT || after === COMMA) return !isDigit(this.text.charCodeAt(end + 1));
    return !isWord(after);
  }

  /** Bound to another group by a hyphen or dot: then it is a part of a longer number. */
  isBoundBefore(index: number): boolean {
    const before = this.text.charCodeAt(this.start(index) - 1);
    if (before !== HYPHEN && before !== DOT && before !== SLASH) return false;
    return isWord(this.text.charCodeAt(this.start(index) - 2));
  }

  isBoundAfter(index: number): boolean {
    const after = this.text.charCodeAt(this.end(index));
    if (after !== HYPHEN && after !== DOT && after !== SLASH) return false;
    return isWord(this.text.charCodeAt(this.end(index) + 1));
  }
}

const DOT = 0x2e;
const COMMA = 0x2c;
const HYPHEN = 0x2d;
const SLASH = 0x2f;
const GAP_MAX = 3;
/** Longer sequences of numbers are cut, with an overlap: no id has so many groups. */
const GROUPS_MAX = 64;
const OVERLAP = 16;

/** What may stand between groups. */
const gaps = new Uint8Array(128);
for (const code of Buffer.from(' -.()/')) gaps[code] = 1;

/**
 * Where a sequence starts or goes on that may be something: a long number, numbers that stand close
 * together, two digits that start an IBAN. Most numbers in a text are small and stand alone.
 */
const candidate = /\d{7}|\d[ \-.()/]{1,3}\d|(?<=[A-Za-z]{2})\d\d/g;

/** Calls `see` with each sequence of groups that may be something. Linear: no character is looked at more than a few times. */
export function eachDigitGroups(text: string, see: (groups: DigitGroups) => void): void {
  let from = 0;
  for (;;) {
    candidate.lastIndex = from;
    const match = candidate.exec(text);
    if (match === null) return;
    let start = match.index;
    while (start > from && isDigit(text.charCodeAt(start - 1))) start -= 1;
    const groups = new DigitGroups(text);
    from = collect(text, start, groups);
    see(groups);
  }
}

/** @returns where to go on */
function collect(text: string, from: number, groups: DigitGroups): number {
  const { length } = text;
  let index = from;
  for (;;) {
    const start = index;
    while (index < length && isDigit(text.charCodeAt(index))) index += 1;
    groups.starts.push(start);
    groups.ends.push(index);
    groups.digits += index - start;
    if (groups.count >= GROUPS_MAX) return groups.start(GROUPS_MAX - OVERLAP);
    let next = index;
    while (next < length && next - index < GAP_MAX && gaps[text.charCodeAt(next)] === 1) {
      next += 1;
    }
    if (next === index || next >= length || !isDigit(text.charCodeAt(next))) return index;
    index = next;
  }
}
