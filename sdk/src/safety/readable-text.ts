import { TextMap, unchangedText, type ReadableText } from './text-map.js';

/** What may be written in another way; whether it is, is decided match by match. */
const special =
  /[^\x00-\x7e]+|\\(?:[nrtbf"\\/]|u[0-9a-f]{4})|%[0-9a-f]{2}|&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});|[([{<] ?(?:at|dot|punkt|arroba) ?[)\]}>]/gi;
const hasSpecial =
  /[^\x00-\x7e\u00a0]|[\u00a0\\%]|&[a-z#]|[([{<] ?(?:at|dot|punkt|arroba) ?[)\]}>]/i;

const namedEntities = new Map(
  Object.entries({
    commat: '@',
    period: '.',
    nbsp: ' ',
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    hyphen: '-',
    dash: '-',
    plus: '+',
    lowbar: '_',
    colon: ':',
    equals: '=',
    num: '#',
    sol: '/',
    shy: '',
    zwnj: '',
    zwj: '',
  }),
);

const escapes = new Map(Object.entries({ n: '\n', r: '\r', t: '\t', b: ' ', f: ' ' }));

/** Letters of other scripts that look like Latin ones. */
const lookAlikes = new Map(
  [
    ...['аa', 'еe', 'оo', 'рp', 'сc', 'уy', 'хx', 'іi', 'јj', 'ѕs', 'ԁd', 'ԛq', 'ԝw', 'һh', 'ӏl'],
    ...['АA', 'ВB', 'ЕE', 'КK', 'МM', 'НH', 'ОO', 'РP', 'СC', 'ТT', 'УY', 'ХX', 'ІI', 'ЈJ', 'ЅS'],
    ...['οo', 'αa', 'ρp', 'νv', 'ιi', 'κk', 'υu', 'ϲc', 'ΑA', 'ΒB', 'ΕE', 'ΖZ', 'ΗH', 'ΙI', 'ΚK'],
    ...['ΜM', 'ΝN', 'ΟO', 'ΡP', 'ΤT', 'ΥY', 'ΧX', 'ɡg', 'ıi', 'ⅼl', '‐-', '‑-', '‒-', '–-', '—-'],
    ...['―-', '−-', '﹣-', '⁃-', '۔.', '․.', '‥.', '·.', '․.', '∕/', '⁄/', '：:', '“"', '”"', "‘'"],
    ...["’'", '\u2028\n', '\u2029\n', '\u0085\n'],
  ].map((pair) => [pair.charCodeAt(0), pair.slice(1)] as const),
);
/** Shown as nothing: zero-width spaces and joiners, soft hyphen, direction marks, variation selectors. */
const invisible =
  /^[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]$/;
const ascii = /^[\x00-\x7e]*$/;

/** One entry per UTF-16 unit: not looked up yet, left alone, or replaced by what is in `replacements`. */
const UNKNOWN = 0;
const KEPT = 1;
const REPLACED = 2;
const kinds = new Uint8Array(0x1_0000);
const replacements = new Map<number, string>();

/**
 * Reads `a％b`, `a&#64;b`, `a [at] b`, `а` (Cyrillic), `1​2` (zero-width space), `\u0040` and the like as what they
 * mean: NFKC, HTML entities, percent and JSON escapes, look-alikes. Linear time.
 */
export function readableText(text: string): ReadableText {
  if (!hasSpecial.test(text)) return unchangedText(text);
  const map = new TextMap();
  let copied = 0;
  special.lastIndex = 0;
  for (let match = special.exec(text); match !== null; match = special.exec(text)) {
    const [written] = match;
    const { index } = match;
    if (written.charCodeAt(0) > 0x7e) {
      copied = readForeign(text, { start: index, end: index + written.length, copied }, map);
      continue;
    }
    const meant = meaningOf(written);
    if (meant === undefined) continue;
    const { start, end } = withSpaces(text, index, written, copied);
    map.add(text.slice(copied, start), copied, start - copied);
    map.add(meant, start, end - start);
    copied = end;
  }
  if (copied === 0) return unchangedText(text);
  map.add(text.slice(copied), copied, text.length - copied);
  return map.finish();
}

/** @returns up to where the text was copied */
function readForeign(
  text: string,
  run: { start: number; end: number; copied: number },
  map: TextMap,
): number {
  let { copied } = run;
  for (let index = run.start; index < run.end; index += 1) {
    const code = text.charCodeAt(index);
    const kind = kinds[code] === UNKNOWN ? learn(code) : kinds[code];
    if (kind === KEPT && (code & 0xfc00) !== 0xd800) continue;
    let length = 1;
    let meant = replacements.get(code);
    if (meant === undefined) {
      // Beyond the basic plane: mathematical letters and digits.
      length = 2;
      meant = compatible(text.slice(index, index + 2));
      if (meant === undefined) continue;
    }
    map.add(text.slice(copied, index), copied, index - copied);
    map.add(meant, index, length);
    index += length - 1;
    copied = index + 1;
  }
  return copied;
}

function learn(code: number): number {
  const character = String.fromCharCode(code);
  const meant = invisible.test(character)
    ? ''
    : (lookAlikes.get(code) ?? digitOf(character) ?? compatible(character));
  kinds[code] = meant === undefined ? KEPT : REPLACED;
  if (meant !== undefined) replacements.set(code, meant);
  return kinds[code];
}

/** Decimal digits of other scripts; they stand in blocks of ten that start at a multiple of 16, or 6 after it. */
function digitOf(character: string): string | undefined {
  if (!/^\p{Nd}$/u.test(character)) return undefined;
  const code = character.charCodeAt(0);
  let zero = code;
  while (code - zero < 9 && /^\p{Nd}$/u.test(String.fromCharCode(zero - 1))) zero -= 1;
  return String(code - zero);
}

/** @returns what NFKC makes of it where that is plain text; undefined: it stays */
function compatible(character: string): string | undefined {
  const meant = character.normalize('NFKC');
  return meant !== character && ascii.test(meant) ? meant : undefined;
}

function meaningOf(written: string): string | undefined {
  switch (written.charCodeAt(0)) {
    case 0x5c:
      return written[1] === 'u'
        ? printable(Number.parseInt(written.slice(2), 16))
        : (escapes.get(written.charAt(1)) ?? written[1]);
    case 0x25:
      return printable(Number.parseInt(written.slice(1), 16));
    case 0x26:
      return entityOf(written.slice(1, -1).toLowerCase());
    default:
      return /at|arroba/i.test(written) ? '@' : '.';
  }
}

function entityOf(name: string): string | undefined {
  if (!name.startsWith('#')) return namedEntities.get(name);
  const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  if (code > 0x10_ffff) return undefined;
  const character = String.fromCodePoint(code);
  return invisible.test(character) ? '' : (printable(code) ?? compatible(character));
}

function printable(code: number): string | undefined {
  return code >= 0x20 && code <= 0x7e ? String.fromCharCode(code) : undefined;
}

/** `alice [at] example`: the spaces belong to it. */
function withSpaces(
  text: string,
  index: number,
  written: string,
  lowest: number,
): { start: number; end: number } {
  const end = index + written.length;
  if (!'([{<'.includes(written.charAt(0))) return { start: index, end };
  return {
    start: index > lowest && text[index - 1] === ' ' ? index - 1 : index,
    end: text[end] === ' ' ? end + 1 : end,
  };
}
