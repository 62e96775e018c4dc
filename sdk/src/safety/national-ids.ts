import {
  digitAt,
  passesLuhn,
  passesMod11And10,
  passesVerhoeff,
  weightedSum,
} from './check-digits.js';
import { isPrecededBy, type Finding } from './finding.js';

/** One country's id: how it is written, its check, and the words without which it is too common a number. */
interface NationalId {
  readonly pattern: RegExp;
  /** Gets the letters (capital) and digits only. */
  readonly check: (characters: string) => boolean;
  readonly words?: RegExp;
}

const id = (pattern: string, check: NationalId['check'], words?: RegExp): NationalId => ({
  pattern: new RegExp(`(?<![A-Za-z0-9.-])(?:${pattern})(?![A-Za-z0-9]|[.-][A-Za-z0-9])`, 'gi'),
  check,
  ...(words === undefined ? {} : { words }),
});

const isDate = (month: string, day: string): boolean =>
  Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31;

/** Brazil: two digits, each of the weighted sum of those before it. */
const brazilian = (digits: string, weights: readonly number[]): boolean => {
  if (new Set(digits).size === 1) return false;
  const length = digits.length - 2;
  const digit = (count: number): number => {
    const rest = weightedSum(digits, weights.slice(weights.length - count)) % 11;
    return rest < 2 ? 0 : 11 - rest;
  };
  return (
    digit(length) === digitAt(digits, length) && digit(length + 1) === digitAt(digits, length + 1)
  );
};
const downFrom = (weight: number): number[] =>
  Array.from({ length: weight - 1 }, (_, index) => weight - index);

const spanishLetters = 'TRWAGMYFPDXBNJZSQVHLCKE';
const finnishMarks = '0123456789ABCDEFHJKLMNPRSTUVWXY';
/** Values of the characters at the odd places of an Italian tax code. */
const italianOdd = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

const italianCheck = (code: string): boolean => {
  let sum = 0;
  for (let index = 0; index < 15; index += 1) {
    const character = code.charCodeAt(index);
    const value = character < 0x41 ? character - 0x30 : character - 0x41;
    sum += index % 2 === 0 ? (italianOdd[value] ?? 0) : value;
  }
  return sum % 26 === code.charCodeAt(15) - 0x41;
};

const ids: readonly NationalId[] = [
  // Germany: Steuer-ID; one digit is there twice or thrice, the first is not 0
  id(
    '[1-9]\\d(?: ?\\d{3}){3}',
    (digits) => passesMod11And10(digits) && [8, 9].includes(new Set(digits.slice(0, 10)).size),
    /steuer|idnr|\bid\b|tax|tin/i,
  ),
  // France: NIR; Corsica's 2A and 2B count as 19 and 18
  id(
    '[1-478] ?\\d{2} ?(?:0[1-9]|1[0-2]|[2-4]\\d|[5-9]\\d) ?(?:\\d{2}|2[AB]) ?\\d{3} ?\\d{3} ?\\d{2}',
    (characters) => {
      const digits = characters.replace('2A', '19').replace('2B', '18');
      return 97 - Number(BigInt(digits.slice(0, 13)) % 97n) === Number(digits.slice(13));
    },
  ),
  // Spain: DNI and NIE
  id('[XYZ]?-?\\d{7,8}-?[A-Z]', (characters) => {
    const digits = characters
      .slice(0, -1)
      .replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
    return digits.length === 8 && spanishLetters[Number(digits) % 23] === characters.at(-1);
  }),
  // Italy: codice fiscale
  id('[A-Z]{6} ?\\d{2}[A-EHLMPR-T]\\d{2} ?[A-Z]\\d{3}[A-Z]', italianCheck),
  // Poland: PESEL
  id(
    '\\d{11}',
    (digits) =>
      isDate(String(Number(digits.slice(2, 4)) % 20), digits.slice(4, 6)) &&
      weightedSum(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
    /pesel/i,
  ),
  // Netherlands: BSN (the "eleven test")
  id(
    '\\d{9}|\\d{4}\\.\\d{2}\\.\\d{3}',
    (digits) =>
      digits !== '000000000' &&
      (weightedSum(digits, [9, 8, 7, 6, 5, 4, 3, 2]) - digitAt(digits, 8)) % 11 === 0,
    /bsn|burgerservice|sofi/i,
  ),
  // Belgium: rijksregisternummer
  id(
    '\\d{2}\\.?\\d{2}\\.?\\d{2}[-.]?\\d{3}[-.]?\\d{2}',
    (digits) => {
      const [base, check] = [digits.slice(0, 9), Number(digits.slice(9))];
      return 97 - (Number(base) % 97) === check || 97 - (Number(`2${base}`) % 97) === check;
    },
    /rijksregister|registre national|\binsz\b|\bniss\b|national/i,
  ),
  // Brazil: CPF and CNPJ
  id('\\d{3}\\.\\d{3}\\.\\d{3}-\\d{2}', (digits) => brazilian(digits, downFrom(11))),
  id('\\d{11}', (digits) => brazilian(digits, downFrom(11)), /\bcpf\b/i),
  id('\\d{2}\\.\\d{3}\\.\\d{3}/\\d{4}-\\d{2}', (digits) =>
    brazilian(digits, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]),
  ),
  // India: Aadhaar and PAN
  id('[2-9]\\d{3}([ -]?)\\d{4}\\1\\d{4}', passesVerhoeff, /\baa?dh?aa?r|\buid(?:ai)?\b|आधार/i),
  id('[2-9]\\d{3} \\d{4} \\d{4}', passesVerhoeff),
  id('[A-Z]{3}[ABCFGHLJPT][A-Z]\\d{4}[A-Z]', () => true, /\bpan\b|permanent account/i),
  // United Kingdom: NHS number and National Insurance number
  id(
    '\\d{3}[ -]?\\d{3}[ -]?\\d{4}',
    (digits) => {
      const check = 11 - (weightedSum(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
      return check !== 10 && check % 11 === digitAt(digits, 9);
    },
    /\bnhs\b/i,
  ),
  id(
    '(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\\d{2} ?\\d{2} ?\\d{2} ?[A-D]',
    () => true,
  ),
  // Canada: SIN
  id(
    '[1-79]\\d{2}([ -]?)\\d{3}\\1\\d{3}',
    passesLuhn,
    /\bsin\b|social insurance|assurance sociale/i,
  ),
  // Australia: TFN
  id(
    '\\d{3} ?\\d{3} ?\\d{3}',
    (digits) => weightedSum(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
    /\btfn\b|tax file/i,
  ),
  // Sweden: personnummer; Finland: henkilötunnus; Norway: fødselsnummer; Denmark: CPR
  id(
    '(?:19|20)?\\d{6}[-+]\\d{4}',
    (digits) => isDate(digits.slice(-8, -6), digits.slice(-6, -4)) && passesLuhn(digits.slice(-10)),
  ),
  id('\\d{6}[-+A-FU-Y]\\d{3}[0-9A-FHJ-NPR-Y]', (characters) => {
    const digits = characters.slice(0, 6) + characters.slice(-4, -1);
    return (
      isDate(characters.slice(2, 4), characters.slice(0, 2)) &&
      finnishMarks[Number(digits) % 31] === characters.at(-1)
    );
  }),
  id(
    '\\d{6} ?\\d{5}',
    (digits) =>
      weightedSum(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 &&
      weightedSum(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
    /f[øo]dsels|personn(?:ummer|r)|national/i,
  ),
  id('\\d{6}-?\\d{4}', (digits) => isDate(digits.slice(2, 4), digits.slice(0, 2)), /\bcpr\b/i),
  // Switzerland: AHV (an EAN-13 that starts with 756)
  id(
    '756\\.?\\d{4}\\.?\\d{4}\\.?\\d{2}',
    (digits) => weightedSum(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0,
  ),
  // Portugal: NIF; Croatia: OIB; Türkiye: TCKN
  id(
    '[1-3]\\d{2} ?\\d{3} ?\\d{3}',
    (digits) =>
      ((11 - (weightedSum(digits, [9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11) % 10 ===
      digitAt(digits, 8),
    /\bnif\b|contribuinte/i,
  ),
  id('\\d{11}', passesMod11And10, /\boib\b/i),
  id(
    '[1-9]\\d{10}',
    (digits) => {
      const odd = weightedSum(digits, [1, 0, 1, 0, 1, 0, 1, 0, 1]);
      const even = weightedSum(digits, [0, 1, 0, 1, 0, 1, 0, 1]);
      return (
        (((odd * 7 - even) % 10) + 10) % 10 === digitAt(digits, 9) &&
        weightedSum(digits, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]) % 10 === digitAt(digits, 10)
      );
    },
    /t\.?c\.?|kimlik/i,
  ),
  // South Africa; China; Korea; Singapore
  id(
    '\\d{6} ?\\d{4} ?[01]\\d{2}',
    (digits) => isDate(digits.slice(2, 4), digits.slice(4, 6)) && passesLuhn(digits),
    /\bid\b|identity/i,
  ),
  id(
    '[1-9]\\d{5}(?:19|20)\\d{9}[\\dX]',
    (characters) =>
      isDate(characters.slice(10, 12), characters.slice(12, 14)) &&
      '10X98765432'[
        weightedSum(characters, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11
      ] === characters.at(-1),
  ),
  id(
    '\\d{6}-[1-8]\\d{6}',
    (digits) =>
      isDate(digits.slice(2, 4), digits.slice(4, 6)) &&
      (11 - (weightedSum(digits, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10 ===
        digitAt(digits, 12),
  ),
  id('[STFG]\\d{7}[A-Z]', (characters) => {
    const series = characters.charAt(0);
    const sum =
      weightedSum(characters.slice(1), [2, 7, 6, 5, 4, 3, 2]) + ('TG'.includes(series) ? 4 : 0);
    return ('ST'.includes(series) ? 'JZIHGFEDCBA' : 'XWUTRQPNMLK')[sum % 11] === characters.at(-1);
  }),
];

/** All that are looked for, to be checked for their running time. */
export const nationalIdPatterns: readonly RegExp[] = ids.map(({ pattern }) => pattern);

/** Finds ids of countries by their form and check digits, the common-looking ones only with a word that names them. */
export function findNationalIds(text: string, found: Finding[]): void {
  if (!/\d{2}/.test(text)) return;
  for (const { pattern, check, words } of ids) {
    for (const { 0: value, index } of text.matchAll(pattern)) {
      if (words !== undefined && !isPrecededBy(text, index, words)) continue;
      if (!check(value.toUpperCase().replace(/[^A-Z0-9]/g, ''))) continue;
      found.push({ type: 'nationalId', start: index, end: index + value.length });
    }
  }
}
