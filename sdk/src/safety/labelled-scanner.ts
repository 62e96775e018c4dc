import { isPrecededBy, type Finding } from './finding.js';

/** Ids without check digits: found where a word before them says what they are. */
interface LabelledForm {
  readonly type: string;
  /** The word, global; then up to a few characters, then the value. */
  readonly label: RegExp;
  /** Sticky. */
  readonly value: RegExp;
}

/** What may stand between a word and its value: `No.: "`, ` is `, `">`. */
const between =
  /["')\]]{0,2}[ _-]?(?:id|number|num|no|nr|code|#)?\.?["')\]]{0,2}\s{0,2}[:=#|>,]{0,2}\s{0,3}(?:is\s|was\s|=\s)?["'(]{0,2}/iy;
/** A token with at least five digits. */
const idValue =
  /(?=(?:[A-Za-z-]{0,6}\d[A-Za-z -]{0,2}){5})[A-Za-z0-9](?:[A-Za-z0-9-]{3,18}[A-Za-z0-9])(?![A-Za-z0-9])/y;
const digitsValue = /\d(?:[ -]?\d){4,16}(?![A-Za-z0-9])/y;

const forms: readonly LabelledForm[] = [
  {
    type: 'medicalId',
    label:
      /\b(?:mrn|medical[ _-]record|npi|dea|insurance|ins|policy|prescription|rx|member|patient[ _-]id|(?:national[ _-])?health(?:[ _-](?:plan|card|insurance))?|hin|nhs|medicare|medicaid|versichertennummer)(?![a-z])/gi,
    value: idValue,
  },
  {
    type: 'documentId',
    label:
      /\b(?:passport|reisepass|passeport|pasaporte|passaporto|driv(?:er|ing)'?s?[ _-]licen[cs]e|licen[cs]e|f[üu]hrerschein|visa|dl|green[ _-]card|personalausweis|residence[ _-]permit|matr[íi]cula)(?![a-z])/gi,
    value: idValue,
  },
  {
    type: 'bankAccount',
    label:
      /\b(?:accounts?|acct|konto(?:nummer)?|compte|cuenta|conto|routing|aba|rtn|sort[ _-]code|bankleitzahl|blz|bsb|口座|账号)(?![a-z])/gi,
    value: digitsValue,
  },
  {
    type: 'bankAccount',
    label: /\b(?:swift|bic)(?![a-z])/gi,
    value: /(?:[ /]?(?:bic|code))?[:\s]{0,3}[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?(?![A-Za-z0-9])/y,
  },
  {
    type: 'nationalId',
    label:
      /\b(?:national|nid|tax|taxpayer|tin|ein|vat|steuer|identity|citizen|fiscal|cedula|curp|rfc)(?![a-z])/gi,
    value: idValue,
  },
];
/** `MRN-1003212`: the word is the start of the id. */
const named: readonly (readonly [string, RegExp])[] = [
  ['medicalId', /\b(?:MRN|INS|POL|RX|HIN|NPI)-\d{5,12}\b/g],
  ['documentId', /\bDL-[A-Z0-9]{4,10}(?:-\d{2,6})?\b/g],
  ['nationalId', /\b(?:NID|TAX|TIN|EIN|SIN)-\d{5,12}\b/g],
];

export function findLabelled(text: string, types: ReadonlySet<string>, found: Finding[]): void {
  for (const [type, pattern] of named) {
    if (types.has(type)) findAll(text, pattern, type, found);
  }
  for (const { type, label, value } of forms) {
    if (!types.has(type)) continue;
    label.lastIndex = 0;
    for (let match = label.exec(text); match !== null; match = label.exec(text)) {
      const start = endAt(between, text, label.lastIndex);
      const end = start < 0 ? -1 : endAt(value, text, start);
      if (end < 0) continue;
      found.push({ type, start, end });
      label.lastIndex = end;
    }
  }
  if (types.has('birthDate')) findBirthDates(text, found);
  if (types.has('mac')) findMacs(text, found);
}

function endAt(pattern: RegExp, text: string, index: number): number {
  pattern.lastIndex = index;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

function findAll(text: string, pattern: RegExp, type: string, found: Finding[]): void {
  for (const { 0: value, index } of text.matchAll(pattern)) {
    found.push({ type, start: index, end: index + value.length });
  }
}

const months =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
export const datePattern = new RegExp(
  `\\b(?:(?:19|20)\\d\\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:[12]\\d|3[01]|0?[1-9])|(?:[12]\\d|3[01]|0?[1-9])[-/.](?:[12]\\d|3[01]|0?[1-9])[-/.](?:19|20)?\\d\\d|(?:${months})\\.? \\d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\\d\\d|\\d{1,2}(?:st|nd|rd|th)?(?: of)? (?:${months})\\.?,? (?:19|20)\\d\\d)(?!\\d)`,
  'gi',
);
const birthWords =
  /(?:\bd\.?o\.?b\b|date[ _-]?of[ _-]?birth|birth[ _-]?da(?:te|y)|\bborn\b|geburts(?:datum|tag)|\bgeb\b|n[ée]e? le|date de naissance|fecha de nacimiento|nacid[oa]|data di nascita|data de nascimento|geboortedatum|生年月日|出生日期|생년월일)[^\d]{0,20}$/i;

function findBirthDates(text: string, found: Finding[]): void {
  for (const { 0: value, index } of text.matchAll(datePattern)) {
    if (isPrecededBy(text, index, birthWords)) {
      found.push({ type: 'birthDate', start: index, end: index + value.length });
    }
  }
}

const mac =
  /(?<![0-9a-z:-])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9a-z:-])|(?<![0-9a-z:-])(?:[0-9a-f]{2}-){5}[0-9a-f]{2}(?![0-9a-z:-])|(?<![0-9a-z.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![0-9a-z.])/gi;

/** Hardware addresses that belong to a device: not all zeros, not broadcast. */
function findMacs(text: string, found: Finding[]): void {
  for (const { 0: value, index } of text.matchAll(mac)) {
    if (new Set(value.replace(/[:.-]/g, '')).size > 1) {
      found.push({ type: 'mac', start: index, end: index + value.length });
    }
  }
}
