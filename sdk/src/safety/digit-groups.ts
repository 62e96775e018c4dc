import { isDigit, isLetter, isWord } from './finding.js';

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
const SMALL_MAX = 6;
/** Longer sequences of numbers are cut, with an overlap: no id has so many groups. */
const GROUPS_MAX = 64;
const OVERLAP = 16;

/** 1: a digit, 2: may stand between groups. */
const classes = new Uint8Array(128);
for (const code of Buffer.from('0123456789')) classes[code] = 1;
for (const code of Buffer.from(' -.()/')) classes[code] = 2;

/** Calls `see` with each sequence of groups. Linear: every character is looked at three times at most. */
export function eachDigitGroups(text: string, see: (groups: DigitGroups) => void): void {
  const { length } = text;
  let index = 0;
  while (index < length) {
    const code = text.charCodeAt(index);
    if (code < 0x30 || code > 0x39) {
      index += 1;
      continue;
    }
    const alone = smallEnd(text, index);
    if (alone >= 0) {
      index = alone;
      continue;
    }
    const groups = new DigitGroups(text);
    index = collect(text, index, groups);
    see(groups);
  }
}

/**
 * Most numbers in a text are small and stand alone: they are passed over at once.
 * @returns the end of such a number; -1 for others, and for two digits that start an IBAN
 */
function smallEnd(text: string, start: number): number {
  let end = start + 1;
  while (end - start <= SMALL_MAX && isDigit(text.charCodeAt(end))) end += 1;
  if (end - start > SMALL_MAX) return -1;
  let next = end;
  while (next - end < GAP_MAX && classes[text.charCodeAt(next)] === 2) next += 1;
  if (next > end && isDigit(text.charCodeAt(next))) return -1;
  const mayBeIban = start >= 2 && end - start >= 2 && isLetter(text.charCodeAt(start - 1));
  return mayBeIban && isLetter(text.charCodeAt(start - 2)) ? -1 : end;
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
    while (next < length && next - index < GAP_MAX && classes[text.charCodeAt(next)] === 2) {
      next += 1;
    }
    if (next === index || next >= length || !isDigit(text.charCodeAt(next))) return index;
    index = next;
  }
}
