import { mod97 } from './check-digits.js';
import type { DigitGroups } from './digit-groups.js';
import {
  isDigit,
  isLetter,
  isLetterOrDigit,
  isPrecededBy,
  isWord,
  type Finding,
} from './finding.js';

const kinds: Readonly<Record<string, string>> = { a: '[A-Z]', n: '\\d', c: '[A-Z0-9]' };
/** Lengths by country (SWIFT's IBAN registry, and countries that use the form without being in it). */
const lengths = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 ' +
    'FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 ' +
    'LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 ' +
    'RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);
/** What follows the check digits where it is so strict that a wrong check digit is a typing error (a: letter, n: digit, c: either). */
const structures = new Map(
  (
    'AT16n BE12n BG4a6n8c CH5n12c CY8n16c CZ20n DE18n DK14n EE16n ES20n FI14n FR10n11c2n GB4a14n GR7n16c HR17n HU24n ' +
    'IE4a14n IT1a10n12c LT16n LU3n13c LV4a13c NL4a10n NO11n PL24n PT21n RO4a16c SE20n SI15n SK20n TR6n16c UA6n19c'
  )
    .split(' ')
    .map((entry) => {
      const body = entry
        .slice(2)
        .replace(
          /(\d{1,2})([anc])/g,
          (_all, count: string, kind: string) => `${kinds[kind] ?? ''}{${count}}`,
        );
      return [entry.slice(0, 2), new RegExp(`^${body}$`)] as const;
    }),
);
const LENGTH_MAX = 34;
const NAMED_MIN = 14;
const named = /\biban\b[^\n]{0,24}$/i;

/**
 * Finds an IBAN whose check digits are the group `index`: country, length, and ISO 7064. Where the check fails,
 * it still counts when it has its country's structure or is called an IBAN: a typing error does not make it harmless.
 * @returns where it ends; -1 when it is none
 */
export function ibanAt(groups: DigitGroups, index: number, found: Finding[]): number {
  const { text } = groups;
  const start = groups.start(index) - 2;
  if (start < 0 || groups.size(index) < 2) return -1;
  if (!isLetter(text.charCodeAt(start)) || !isLetter(text.charCodeAt(start + 1))) return -1;
  if (start > 0 && isWord(text.charCodeAt(start - 1))) return -1;
  const length = lengths.get(text.slice(start, start + 2).toUpperCase());
  if (length === undefined) return -1;
  const end = checkedEnd(text, start, length) ?? namedEnd(text, start);
  if (end === undefined) return -1;
  found.push({ type: 'iban', start, end });
  return end;
}

/** The end after exactly `length` characters, when these check. */
function checkedEnd(text: string, start: number, length: number): number | undefined {
  let characters = '';
  let index = start;
  while (characters.length < length) {
    const code = text.charCodeAt(index);
    if (isLetterOrDigit(code)) characters += text.charAt(index);
    else if (!isGroupBorder(text, index) || characters.length % 4 !== 0) return undefined;
    index += 1;
  }
  if (isLetterOrDigit(text.charCodeAt(index))) return undefined;
  const isRight = mod97(characters.slice(4) + characters.slice(0, 4)) === 1;
  // A wrong digit in what has the country's length and structure is a typing error, and no less a bank account.
  return isRight || structures.get(characters.slice(0, 2))?.test(characters.slice(4)) === true
    ? index
    : undefined;
}

function isGroupBorder(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return (code === 0x20 || code === 0x2d) && isLetterOrDigit(text.charCodeAt(index + 1));
}

function namedEnd(text: string, start: number): number | undefined {
  if (!isPrecededBy(text, start, named)) return undefined;
  let end = start;
  let characters = 0;
  let inGroup = 0;
  while (characters < LENGTH_MAX) {
    const code = text.charCodeAt(end);
    if (isLetterOrDigit(code)) {
      characters += 1;
      inGroup += 1;
    } else if (inGroup === 4 && isGroupBorder(text, end) && isInIban(text, end + 1)) {
      inGroup = 0;
    } else break;
    end += 1;
  }
  return characters >= NAMED_MIN ? end : undefined;
}

/** The next group has a digit, or is written in capitals like a bank's code. */
function isInIban(text: string, start: number): boolean {
  for (let index = start; index < start + 4; index += 1) {
    const code = text.charCodeAt(index);
    if (isDigit(code)) return true;
    if (!(code >= 0x41 && code <= 0x5a)) return false;
  }
  return true;
}
