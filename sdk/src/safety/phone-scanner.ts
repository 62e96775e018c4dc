import type { DigitGroups } from './digit-groups.js';
import { isPrecededBy, isWord, type Finding } from './finding.js';

const PLUS = 0x2b;
const OPENING = 0x28;
/** ITU-T E.164: at most 15 digits. */
const DIGITS_MAX = 15;
const DIGITS_MIN = 8;

/** Calling codes with the least and most digits that a whole number has there; others: 8 to 15. */
const lengths = new Map(
  (
    '1:11-11 7:11-11 20:11-12 27:11-11 30:12-12 31:11-11 32:10-11 33:11-11 34:11-11 36:10-11 39:9-13 40:11-11 41:11-11 ' +
    '43:8-15 44:11-12 45:10-10 46:9-12 47:10-10 48:11-11 49:8-15 51:10-11 52:12-13 53:10-10 54:12-13 55:12-13 56:11-11 ' +
    '57:12-12 58:12-12 60:11-12 61:11-11 62:10-14 63:11-12 64:10-12 65:10-10 66:11-11 81:11-12 82:11-12 84:11-12 ' +
    '86:12-13 90:12-12 91:12-12 92:12-12 93:11-11 94:11-11 95:9-12 98:12-12 351:12-12 352:8-12 353:11-12 354:10-12 ' +
    '358:9-13 359:11-12 370:11-11 371:11-11 372:10-11 380:12-12 385:11-12 386:11-11 420:12-12 421:12-12 852:11-11 ' +
    '886:11-12 961:10-11 962:11-12 965:11-11 966:12-12 971:11-12 972:11-12 974:11-11'
  )
    .split(' ')
    .map((entry) => {
      const [code = '', least, most] = entry.split(/[:-]/);
      return [code, [Number(least), Number(most)]] as const;
    }),
);
/** All codes: one, two, or three digits by their first. */
const callingCode =
  /^(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2[1-689]\d|3[578]\d|42[0-4]|5[09]\d|6[7-9]\d|8[0578]\d|96[0-8]|97[0-79]|99[2-68])/;

const words =
  /(?:phone|tel[ée]?(?:fono?|fone|fon|ephone)?|mobile?|mobil|cell(?:ulare?)?|fax|whats ?app|sms|signal|call(?:ed|ing)?(?: me| us| him| her| them)?(?: at| on)?|dial|ring|text me(?: at| on)?|contact(?:ed)?(?: me| us| him| her| them| number)?(?: at| on)?|reach(?:ed)?(?: me| us| him| her| them)?(?: at| on)?|hotline|handy|rufnummer|num[ée]ro|n[úu]mero|celular|m[óo]vil|portable|cellulare|telefone|telefoon|puhelin|電話|电话|手机|携帯|전화|тел(?:ефон)?|هاتف|फ़ोन)[ _-]?(?:number|nummer|num|no|nr|#)?["']?\W{0,5}(?:is |was |ist |es |est |est le )?["']?\(?$/i;
const otherWords =
  /(?:order|invoice|ref(?:erence)?|sku|part|serial|track(?:ing)?|case|ticket|isbn|issn|doi|model|account|acct|policy|claim|member|npi|routing|iban|upc|ean|gtin|lot|batch|version|id)[ _-]?(?:id|no|nr|number|#)?["']?\W{0,4}$/i;

/**
 * Finds a phone number at the group `first`: international with `+`, North American in its usual forms, and others
 * where a word before them says what they are.
 * @returns how many groups were used up; 0 when it is none
 */
export function phoneAt(groups: DigitGroups, first: number, found: Finding[]): number {
  const { text } = groups;
  let start = groups.start(first);
  const isOpened = text.charCodeAt(start - 1) === OPENING;
  if (text.charCodeAt(start - 1) === PLUS || (isOpened && text.charCodeAt(start - 2) === PLUS)) {
    start -= isOpened ? 2 : 1;
    return start > 0 && (isWord(text.charCodeAt(start - 1)) || text.charCodeAt(start - 1) === PLUS)
      ? 0
      : add(groups, { first, last: internationalEnd(groups, first), start }, found);
  }
  if (!groups.isFreeBefore(first) || groups.isBoundBefore(first)) return 0;
  const north = northAmericanEnd(groups, first);
  if (north >= 0) {
    const isCountry = groups.value(first) === '1' && groups.size(first) === 1;
    return add(
      groups,
      { first, last: north, start: isOpened && !isCountry ? start - 1 : start },
      found,
    );
  }
  return add(
    groups,
    { first, last: namedEnd(groups, first), start: isOpened ? start - 1 : start },
    found,
  );
}

function add(
  groups: DigitGroups,
  { first, last, start }: { first: number; last: number; start: number },
  found: Finding[],
): number {
  if (last < 0 || !groups.isFreeAfter(last) || groups.isBoundAfter(last)) return 0;
  found.push({ type: 'phone', start, end: groups.end(last) });
  return last - first + 1;
}

/** The last group of a number that starts with a calling code; -1 when there is none. */
function internationalEnd(groups: DigitGroups, first: number): number {
  const code = callingCode.exec(groups.joined(first, Math.min(first + 1, groups.count - 1)))?.[0];
  if (code === undefined) return -1;
  const [least = DIGITS_MIN, most = DIGITS_MAX] = lengths.get(code) ?? [];
  let digits = 0;
  let end = -1;
  for (let index = first; index < groups.count; index += 1) {
    digits += groups.size(index);
    if (digits > most) break;
    if (digits >= least) end = index;
    if (end === index && digits === most) break;
    if (index + 1 < groups.count && !isPhoneGap(groups.gap(index))) break;
  }
  if (end < 0 || code !== '1') return end;
  return isNorthAmerican(groups.joined(first, end).slice(1)) ? end : -1;
}

function isPhoneGap(gap: string): boolean {
  return /^(?:[ .-]|\) ?|\)-| ?\(| - |\/)$/.test(gap);
}

/** `(212) 555-0199`, `212-555-0199`, `212.555.0199`, `1-212-555-0199`, and with a word before it `212 555 0199`. */
function northAmericanEnd(groups: DigitGroups, first: number): number {
  const hasCountry = groups.value(first) === '1' && groups.size(first) === 1;
  const area = hasCountry ? first + 1 : first;
  const last = area + 2;
  if (last >= groups.count) return -1;
  if (groups.size(area) !== 3 || groups.size(area + 1) !== 3 || groups.size(last) !== 4) return -1;
  if (!isNorthAmerican(groups.joined(area, last))) return -1;
  const gaps = [groups.gap(area), groups.gap(area + 1)];
  const form = gaps.join('|');
  const start = groups.start(first);
  if (/^\)[ -]?\|[ .-]$/.test(form)) return last;
  if (isPrecededBy(groups.text, start, words)) return /^[ .-]\|[ .-]$/.test(form) ? last : -1;
  if (isPrecededBy(groups.text, start, otherWords)) return -1;
  return form === '-|-' || form === '.|.' ? last : -1;
}

/** NANP: NXX-NXX-XXXX, where N is 2 to 9. */
function isNorthAmerican(digits: string): boolean {
  return /^[2-9]\d\d[2-9]\d{6}$/.test(digits);
}

/** Digits that are called a phone number. */
function namedEnd(groups: DigitGroups, first: number): number {
  const { text } = groups;
  if (!isPrecededBy(text, groups.start(first), words)) return -1;
  let digits = 0;
  let end = -1;
  for (let index = first; index < groups.count; index += 1) {
    digits += groups.size(index);
    if (digits > DIGITS_MAX - 1) break;
    end = index;
    if (index + 1 < groups.count && !isPhoneGap(groups.gap(index))) break;
  }
  const all = end < 0 ? '' : groups.joined(first, end);
  if (/^(?:19|20)\d\d(?:0\d|1[0-2])[0-3]\d$/.test(all)) return -1; // a date
  return all.length >= 7 && all.length < DIGITS_MAX ? end : -1;
}
