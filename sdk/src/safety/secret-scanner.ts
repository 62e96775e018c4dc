import { isDigit, isWord, type Finding } from './finding.js';
import { secretForms, type SecretForm } from './secret-prefixes.js';

/** No form is shorter from its prefix, or from the last dot in it. */
const RUN_MIN = 15;
const DOT = 0x2e;
const COLON = 0x3a;

/** 1: may be in a key. */
const keyCharacters = new Uint8Array(128);
for (const code of Buffer.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-',
)) {
  keyCharacters[code] = 1;
}

const formsByStart = new Map<string, SecretForm[]>();
for (const form of secretForms) {
  const start = form.prefix.slice(0, 3);
  formsByStart.set(start, [...(formsByStart.get(start) ?? []), form]);
}
const dotted = secretForms.filter(({ prefix }) => prefix.endsWith('.'));

/** Telegram: the bot's number and 35 characters. */
const telegram = /\d{8,10}:AA[\w-]{33}(?![\w-])/y;
const slackHook = 'hooks.slack.com/';
const slackPath = /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9+/]{20,100}/y;
const discordHook = /discord(?:app)?\.com\/api\/webhooks\/\d{17,20}\/[\w-]{40,100}/y;
const azureKeys = /(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,100}={0,2}/y;
const sasSignature = /[?&]sig=[A-Za-z0-9%+/]{30,100}(?:%3D|=){0,2}/y;
const PEM_MAX = 20_000;
const pemStart = /-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----/y;
const pemEnd = /-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----/g;

/**
 * Finds keys by their form. Looks only at runs of 15 characters of a key and more: it jumps 15 ahead and comes
 * back, so that ordinary text costs less than one look per character.
 */
export function findKeys(text: string, found: Finding[]): void {
  const { length } = text;
  let start = 0;
  while (start + RUN_MIN <= length) {
    let index = start + RUN_MIN - 1;
    while (index >= start && keyCharacters[text.charCodeAt(index)] === 1) index -= 1;
    if (index >= start) {
      start = index + 1;
      continue;
    }
    let end = start + RUN_MIN;
    while (end < length && keyCharacters[text.charCodeAt(end)] === 1) end += 1;
    const foundEnd = keyAt(text, start, found);
    // A key may go on behind the run (dots, slashes); what it took is not looked at again.
    start = Math.max(end + 1, foundEnd);
  }
  findMarked(text, found);
}

function keyAt(text: string, start: number, found: Finding[]): number {
  for (const form of formsByStart.get(text.slice(start, start + 3)) ?? []) {
    if (!text.startsWith(form.prefix, start)) continue;
    const end = matchAt(text, form.pattern, start);
    if (end > start) return add(found, start, end);
  }
  const before = text.charCodeAt(start - 1);
  if (before === DOT) {
    for (const { prefix, pattern } of dotted) {
      const from = start - prefix.length;
      if (from < 0 || !text.startsWith(prefix, from) || isWord(text.charCodeAt(from - 1))) continue;
      const end = matchAt(text, pattern, from);
      if (end > from) return add(found, from, end);
    }
  }
  return before === COLON && text.startsWith('AA', start) ? telegramAt(text, start, found) : -1;
}

function telegramAt(text: string, start: number, found: Finding[]): number {
  let from = start - 1;
  while (start - from < 11 && isDigit(text.charCodeAt(from - 1))) from -= 1;
  const end = matchAt(text, telegram, from);
  return end > from ? add(found, from, end) : -1;
}

function findMarked(text: string, found: Finding[]): void {
  eachMark(text, '-----BEGIN ', (index) => {
    const begun = matchAt(text, pemStart, index);
    if (begun < 0) return -1;
    pemEnd.lastIndex = 0;
    const block = text.slice(begun, begun + PEM_MAX);
    const match = pemEnd.exec(block);
    return add(found, index, begun + (match === null ? block.length : pemEnd.lastIndex));
  });
  for (const [mark, pattern] of marked) {
    eachMark(text, mark, (index) => {
      const end = matchAt(text, pattern, index);
      return end < 0 ? -1 : add(found, index, end);
    });
  }
}

const marked: readonly (readonly [string, RegExp])[] = [
  [slackHook, slackPath],
  ['discord.com/api/webhooks/', discordHook],
  ['discordapp.com/api/webhooks/', discordHook],
  ['AccountKey=', azureKeys],
  ['SharedAccessKey=', azureKeys],
  ['?sig=', sasSignature],
  ['&sig=', sasSignature],
];

function eachMark(text: string, mark: string, see: (index: number) => number): void {
  for (let index = text.indexOf(mark); index >= 0;) {
    index = text.indexOf(mark, Math.max(index + mark.length, see(index)));
  }
}

function matchAt(text: string, pattern: RegExp, index: number): number {
  pattern.lastIndex = index;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

function add(found: Finding[], start: number, end: number): number {
  found.push({ type: 'secret', start, end });
  return end;
}
