import { isDigit, isLetterOrDigit, type Finding } from './finding.js';

const DIGITS_MIN = 13;
const DIGITS_MAX = 19;
const SPACE = 0x20;
const HYPHEN = 0x2d;
const DOT = 0x2e;

/** Brands by leading digits, with the lengths that they issue. */
const brands: readonly (readonly [RegExp, ReadonlySet<number>])[] = [
  [/^4/, new Set([13, 16, 19])], // Visa
  [/^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, new Set([16])], // Mastercard
  [/^3[47]/, new Set([15])], // American Express
  [/^(6011|65|64[4-9])/, new Set([16, 19])], // Discover
  [/^35(2[89]|[3-8])/, new Set([16, 17, 18, 19])], // JCB
  [/^(36|38|39|30[0-5])/, new Set([14])], // Diners Club
  [/^62/, new Set([16, 17, 18, 19])], // UnionPay
  [/^(5018|5020|5038|5893|6304|6759|676[1-3])/, new Set([13, 14, 15, 16, 17, 18, 19])], // Maestro
];
/** How people group the digits; a single group is always fine. */
const groupings = new Set(['4-4-4-4', '4-6-5', '4-6-4', '4-4-4-4-3', '4-4-4-1', '6-13', '4-4-5']);

interface Group {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds payment card numbers by brand, length and Luhn check. Every group of digits starts at most
 * five attempts of at most 19 digits: linear time.
 */
export function findCards(text: string): Finding[] {
  const found: Finding[] = [];
  let run: Group[] = [];
  for (const group of digitGroups(text)) {
    const previous = run.at(-1);
    if (previous !== undefined && !isJoined(text, previous, group)) {
      collect(text, run, found);
      run = [];
    }
    run.push(group);
  }
  collect(text, run, found);
  return found;
}

function* digitGroups(text: string): Generator<Group> {
  const pattern = /[0-9]+/g;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    yield { start: match.index, end: pattern.lastIndex };
  }
}

function isJoined(text: string, first: Group, second: Group): boolean {
  if (second.start - first.end !== 1) return false;
  const separator = text.charCodeAt(first.end);
  return separator === SPACE || separator === HYPHEN;
}

function collect(text: string, run: readonly Group[], found: Finding[]): void {
  for (let index = 0; index < run.length;) index += cardAt(text, run, index, found);
}

/** @returns how many groups were used up: those of a card, or one. */
function cardAt(text: string, run: readonly Group[], index: number, found: Finding[]): number {
  const first = run[index];
  if (first === undefined || !isFreeBefore(text, first.start)) return 1;
  let digits = '';
  const sizes: number[] = [];
  for (let last = index; last < Math.min(run.length, index + 5); last += 1) {
    const group = run[last];
    if (group === undefined || digits.length + group.end - group.start > DIGITS_MAX) break;
    digits += text.slice(group.start, group.end);
    sizes.push(group.end - group.start);
    if (!isFreeAfter(text, group.end) || !isCard(digits, sizes)) continue;
    found.push({ type: 'card', start: first.start, end: group.end });
    return last - index + 1;
  }
  return 1;
}

function isCard(digits: string, sizes: readonly number[]): boolean {
  if (digits.length < DIGITS_MIN) return false;
  if (sizes.length > 1 && !groupings.has(sizes.join('-'))) return false;
  const isBranded = brands.some(
    ([prefix, lengths]) => prefix.test(digits) && lengths.has(digits.length),
  );
  return isBranded && passesLuhn(digits) && new Set(digits).size > 1;
}

/** ISO/IEC 7812-1, annex B. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 0x30;
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Not inside a word, and not the decimals of a number. */
function isFreeBefore(text: string, start: number): boolean {
  if (start === 0) return true;
  const before = text.charCodeAt(start - 1);
  if (before === DOT) return !isDigit(text.charCodeAt(start - 2));
  return !isLetterOrDigit(before) && before !== 0x5f;
}

function isFreeAfter(text: string, end: number): boolean {
  if (end >= text.length) return true;
  const after = text.charCodeAt(end);
  if (after === DOT) return !isDigit(text.charCodeAt(end + 1));
  return !isLetterOrDigit(after) && after !== 0x5f;
}
