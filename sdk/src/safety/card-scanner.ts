import { passesLuhn } from './check-digits.js';
import type { DigitGroups } from './digit-groups.js';
import { isPrecededBy, type Finding } from './finding.js';

const DIGITS_MIN = 13;
const DIGITS_MAX = 19;
const GROUPS_MAX = 5;

/** Brands by leading digits, with the lengths that they issue. */
const brands: readonly (readonly [RegExp, ReadonlySet<number>])[] = [
  [/^4/, new Set([13, 16, 19])], // Visa
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, new Set([16])], // Mastercard
  [/^3[47]/, new Set([15])], // American Express
  [/^(?:6011|65|64[4-9])/, new Set([16, 19])], // Discover
  [/^35(?:2[89]|[3-8])/, new Set([16, 17, 18, 19])], // JCB
  [/^(?:36|38|39|30[0-5])/, new Set([14])], // Diners Club
  [/^62/, new Set([16, 17, 18, 19])], // UnionPay
  [/^(?:5018|5020|5038|5893|6304|6759|676[1-3])/, new Set([13, 14, 15, 16, 17, 18, 19])], // Maestro
  [/^220[0-4]/, new Set([16, 17, 18, 19])], // Mir
  [/^(?:508[5-9]|60[6-8]|81|82|353|356)/, new Set([16])], // RuPay
  [/^(?:5019|4571)/, new Set([16])], // Dankort
  [/^(?:506[0-9]|650[0-9])/, new Set([16, 18, 19])], // Verve, Elo
  [/^9792/, new Set([16])], // Troy
];
/** How people group the digits; a single group is always fine. */
const groupings = new Set(['4-4-4-4', '4-6-5', '4-6-4', '4-4-4-4-3', '4-4-4-1', '6-13', '4-4-5']);
/** A number that is written like this is meant as a card, even when a digit is wrong. */
const printed = new Set(['4-4-4-4', '4-6-5']);

const cardWords =
  /card|visa|master|amex|american express|maestro|discover|\bpan\b|\bcc\b|credit|debit|tarjeta|carte|karte|carta|cart[aã]o|kaart|卡|カード|카드|карт|بطاقة/i;
const otherWords =
  /(?:order|invoice|track|serial|licen[cs]e|ticket|parcel|shipment|reference|ref|batch|sku|part|imei|build|trace|span|request|transaction|session|account|user|device|message)[ _-]?(?:id|no|nr|number|key|code)?\W{0,4}$/i;

/**
 * Finds a payment card number that starts with the group `first`: brand, length, grouping, and the Luhn check. Where
 * the check fails, the number still counts when it is printed like a card or called one: a typing
 * error does not make it harmless.
 * @returns how many groups were used up; 0 when it is no card
 */
export function cardAt(groups: DigitGroups, first: number, found: Finding[]): number {
  if (!groups.isFreeBefore(first)) return 0;
  let digits = '';
  let sizes = '';
  let separator = '';
  const last = Math.min(groups.count, first + GROUPS_MAX) - 1;
  for (let index = first; index <= last; index += 1) {
    if (index > first) {
      const gap = groups.gap(index - 1);
      if (!/^(?: {1,2}|-|\.)$/.test(gap) || (separator !== '' && gap !== separator)) return 0;
      separator = gap;
    }
    if (digits.length + groups.size(index) > DIGITS_MAX) return 0;
    digits += groups.value(index);
    sizes += index === first ? String(groups.size(index)) : `-${String(groups.size(index))}`;
    if (digits.length < DIGITS_MIN || !groups.isFreeAfter(index)) continue;
    if (!isCard(groups, { first, last: index, digits, sizes, separator })) continue;
    found.push({ type: 'card', start: groups.start(first), end: groups.end(index) });
    return index - first + 1;
  }
  return 0;
}

interface Candidate {
  readonly first: number;
  readonly last: number;
  readonly digits: string;
  readonly sizes: string;
  readonly separator: string;
}

function isCard(groups: DigitGroups, candidate: Candidate): boolean {
  const { first, last, digits, sizes, separator } = candidate;
  if (separator !== '' && !groupings.has(sizes)) return false;
  const isBranded = brands.some(
    ([prefix, lengths]) => prefix.test(digits) && lengths.has(digits.length),
  );
  if (!isBranded || new Set(digits).size === 1) return false;
  const { text } = groups;
  const start = groups.start(first);
  if (isPrecededBy(text, start, otherWords)) return false;
  if (passesLuhn(digits)) return true;
  if (separator === '') return isPrecededBy(text, start, cardWords);
  return printed.has(sizes) && !isInChain(groups, first, last);
}

/** More groups of four around it: a licence key or another long id. */
function isInChain(groups: DigitGroups, first: number, last: number): boolean {
  if (groups.isBoundBefore(first) || groups.isBoundAfter(last)) return true;
  const isQuad = (index: number): boolean => groups.size(index) === 4;
  const follows = last + 1 < groups.count && isQuad(last + 1) && groups.gap(last).length === 1;
  return follows || (first > 0 && isQuad(first - 1) && groups.gap(first - 1).length === 1);
}
