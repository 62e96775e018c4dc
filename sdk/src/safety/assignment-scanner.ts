import { isWord, type Finding } from './finding.js';
import {
  hasLongWords,
  isPlaceholder,
  looksLikeHeader,
  looksLikeKey,
  looksLikePassword,
  looksSpoken,
} from './secret-value.js';

const NAME_MAX = 48;
const VALUE_MAX = 256;
const COLON = 0x3a;
const EQUALS = 0x3d;

/** The end of a name that holds a password. */
const passwordName =
  /(?:password|passwd|passphrase|passcode|kennwort|passwort|contrase(?:ñ|n)a|senha|wachtwoord|has[łl]o|п[аa][рp][оo]л[ья]|密码|パスワード|비밀번호|(?:^|[^a-z])(?:pass|pwd|pswd|mot[ _-]de[ _-]passe))$/i;
const passwordCamel = /[a-z\d](?:Pass(?:word|wd|phrase|code)?|Pwd|PWD)$/;
/** The end of a name that holds a key or token. */
const keyName =
  /(?:secret|token|api[ _-]?key|access[ _-]?key|secret[ _-]?key|private[ _-]?key|signing[ _-]?key|encryption[ _-]?key|master[ _-]?key|account[ _-]?key|client[ _-]?secret|auth[ _-]?(?:key|token)|credentials?|bearer|x-api-key|webhook[ _-]?(?:key|secret))$/i;
/** A token that means something else: of text, of a page, of a request that cannot be repeated. */
const harmlessName =
  /(?:page|cursor|next|continuation|max|min|num|total|prompt|completion|input|output|eos|bos|pad|unk|stop|special|csrf|xsrf|idempotency|sync|start|end)[ _-]?tokens?$/i;

const dummyWords = /\b(?:dummy|fake|example|sample|placeholder|mock|not (?:a )?real)\b/i;
/** `IDENTIFIED BY 'x'`, `Bearer x`. Their first characters are rare in text, which makes the search quick. */
const phrases: readonly string[] = [
  'IDENTIFIED BY',
  'dentified by',
  'Bearer ',
  'bearer ',
  'Basic ',
];
const schemeEnd = '://';
const CREDENTIALS_MAX = 256;
const SPOKEN_MAX = 2_048;

/** An assignment, or the `w` of a password. */
const mark = /[:=]|(?<=ss)w/gi;
const passwordWord = /(?:pass|pa\u00df)(?:word|wort|wd)/iy;

/** The two last letters of the names that matter, so that most assignments cost two looks. */
const endings = new Uint8Array(128 * 128);
for (const ending of 'rd wd ss se de rt et en ey al ls er ha 23 ue'.split(' ')) {
  const [first = 0, second = 0] = Buffer.from(ending);
  for (const left of [first, first - 0x20]) {
    for (const right of [second, second - 0x20]) endings[left * 128 + right] = 1;
  }
}

/** Finds values that a name or a phrase calls a secret: `password = "…"`, `API_KEY=…`, `Bearer …`, `https://user:…@host`. */
export function findAssignedSecrets(text: string, found: Finding[]): void {
  let from = 0;
  mark.lastIndex = 1;
  while (mark.test(text)) {
    const next = mark.lastIndex;
    const index = next - 1;
    const code = text.charCodeAt(index);
    if (code === COLON || code === EQUALS) from = Math.max(from, assignmentAt(text, index, found));
    else spokenPasswordAt(text, index - 4, found);
    mark.lastIndex = Math.max(next, from);
  }
  for (const phrase of phrases) findAfterPhrase(text, phrase, found);
  findCredentials(text, found);
}

/** `password is x`, `password "x"`. */
function spokenPasswordAt(text: string, start: number, found: Finding[]): void {
  passwordWord.lastIndex = Math.max(0, start);
  if (!passwordWord.test(text)) return;
  findSpoken(text, passwordWord.lastIndex, found);
}

function assignmentAt(text: string, operator: number, found: Finding[]): number {
  const name = givenName(text, operator, nameBefore(text, operator));
  if (name === '') return 0;
  const isPassword = passwordName.test(name) || passwordCamel.test(name);
  if (!isPassword && (!keyName.test(name) || harmlessName.test(name))) return 0;
  const value = valueAfter(text, operator + 1);
  if (value === undefined) return 0;
  const content = text.slice(value.start, value.end);
  const isEnvironment = /^[A-Z][A-Z0-9_]*$/.test(name) && text.charCodeAt(operator) === EQUALS;
  const isSecret = isPassword
    ? looksLikePassword(content, { isQuoted: value.isQuoted, isEnvironment })
    : looksLikeKey(content) && !isCalledDummy(text, value);
  if (!isSecret || isCode(text, value)) return 0;
  found.push({ type: 'secret', start: value.start, end: value.end });
  return value.end;
}

/** `key="ApiKey" value="…"`, `name: DB_PASSWORD` and `value: …` in the next line: the name stands before. */
const namedBefore =
  /(?:\b|")(?:name|key)["']?[ \t]{0,3}[:=][ \t]{0,3}["']?([\w.-]{1,60})["']?[\s,]{1,40}["']?$/i;

function givenName(text: string, operator: number, name: string): string {
  if (!/ue$/i.test(name.slice(-2)) || !/(?:^|\W)value$/i.test(name)) return name;
  const from = text.slice(Math.max(0, operator - 140), operator).trimEnd();
  const before = from.slice(0, from.toLowerCase().lastIndexOf('value'));
  return namedBefore.exec(before)?.[1] ?? '';
}

/** The word before `=` or `:`, without quotes and spaces around it. */
function nameBefore(text: string, operator: number): string {
  let end = operator;
  for (let skipped = 0; skipped < 4 && end > 0 && isPadding(text.charCodeAt(end - 1)); skipped += 1)
    end -= 1;
  const last = text.charCodeAt(end - 1);
  const previous = text.charCodeAt(end - 2);
  if (last < 0x80 && previous < 0x80 && endings[previous * 128 + last] !== 1) return '';
  let start = end;
  while (start > 0 && end - start < NAME_MAX && isNamePart(text.charCodeAt(start - 1))) start -= 1;
  return text.slice(start, end);
}

/** Space, quotes, `]`, `)`, and the colon of `:=`. */
function isPadding(code: number): boolean {
  return (
    code === 0x20 ||
    code === 0x22 ||
    code === 0x27 ||
    code === 0x60 ||
    code === 0x5d ||
    code === 0x29 ||
    code === COLON ||
    code === 0x2a
  );
}

function isNamePart(code: number): boolean {
  return isWord(code) || code === 0x2d || code === 0x20 || code > 0x7f;
}

interface Value {
  readonly start: number;
  readonly end: number;
  readonly isQuoted: boolean;
}

const operators = new Set([COLON, EQUALS, 0x3e, 0x7e]);

function valueAfter(text: string, from: number): Value | undefined {
  let start = from;
  for (let skipped = 0; skipped < 3 && operators.has(text.charCodeAt(start)); skipped += 1)
    start += 1;
  for (let skipped = 0; skipped < 8 && isSpace(text.charCodeAt(start)); skipped += 1) start += 1;
  while (text.charCodeAt(start) === 0x2a && start - from < 12) start += 1; // `**Password:** x`
  while (isSpace(text.charCodeAt(start)) && start - from < 14) start += 1;
  if (/^(?:[bruf]|@)["']$/i.test(text.slice(start, start + 2))) start += 1;
  const quote = text.charCodeAt(start);
  if (quote === 0x22 || quote === 0x27 || quote === 0x60)
    return quotedValue(text, start + 1, quote);
  let end = start;
  while (end < text.length && end - start < VALUE_MAX && !isBareEnd(text.charCodeAt(end))) end += 1;
  end = beforeParameter(text, start, end);
  while (end > start && ',;.)]}>'.includes(text.charAt(end - 1))) end -= 1;
  return end > start ? { start, end, isQuoted: false } : undefined;
}

/** `?password=abc&user=x`: the value ends where the next parameter starts. */
function beforeParameter(text: string, start: number, end: number): number {
  const next = /&[\w.-]{1,64}[=;]|&$/.exec(text.slice(start, end));
  return next === null ? end : start + next.index;
}

function quotedValue(text: string, start: number, quote: number): Value | undefined {
  let end = start;
  while (end < text.length && end - start <= VALUE_MAX) {
    const code = text.charCodeAt(end);
    if (code === quote) return end > start ? { start, end, isQuoted: true } : undefined;
    if (code === 0x0a) return undefined;
    end += 1;
  }
  return undefined;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** White space, quotes, and the borders in lists. */
function isBareEnd(code: number): boolean {
  return (
    code <= 0x20 ||
    code === 0x22 ||
    code === 0x27 ||
    code === 0x60 ||
    code === 0x2c ||
    code === 0x3b ||
    code === 0x3c
  );
}

const identifier = /^[a-z_$][\w$]*(?:\.[a-z_$][\w$]*)*$/i;
/** What goes on behind a name in code: `x ?? y`, `x = y`, `x | y`, `x;`. */
const codeBehind = /^(?: {1,2}(?:[=|]|[?&]{2})|;(?:\s|$))/;

/** `token = makeToken(…)`, `key: options.apiKey ?? key`: code, not a value. */
function isCode(text: string, { start, end, isQuoted }: Value): boolean {
  if (isQuoted) return false;
  if (text.charCodeAt(end) === 0x28) return true;
  const value = text.slice(start, end);
  if (!isSpace(text.charCodeAt(start - 1)) || !identifier.test(value)) return false;
  if (!codeBehind.test(text.slice(end, end + 4))) return false;
  return hasLongWords(value);
}

/** `api_key="…" (dummy test token)`: the text itself says that it is none. */
function isCalledDummy(text: string, { start, end }: Value): boolean {
  return (
    dummyWords.test(text.slice(end, end + 32)) ||
    dummyWords.test(text.slice(Math.max(0, start - 48), start))
  );
}

const afterPhrase =
  /^(?: for [\w.@-]{1,40})?["'`]?(?: ?(?:is|was|ist|es|est|to|set to|changed to|reset to))?(?: ?[:=] ?| ["'`]?| ?\(|["'`])["'`]?/i;

function findAfterPhrase(text: string, phrase: string, found: Finding[]): void {
  const isHeader = phrase.endsWith(' ');
  for (
    let index = text.indexOf(phrase);
    index >= 0;
    index = text.indexOf(phrase, index + phrase.length)
  ) {
    const start = index + phrase.length;
    if (!isHeader) findSpoken(text, start, found);
    else {
      const end = spokenEnd(text, start);
      if (looksLikeHeader(phrase, text.slice(start, end)))
        found.push({ type: 'secret', start, end });
    }
  }
}

function findSpoken(text: string, from: number, found: Finding[]): void {
  const between = afterPhrase.exec(text.slice(from, from + 80))?.[0];
  if (between === undefined) return;
  const start = from + between.length;
  const end = spokenEnd(text, start);
  if (looksSpoken(text.slice(start, end))) found.push({ type: 'secret', start, end });
}

function spokenEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && end - start < SPOKEN_MAX && !isBareEnd(text.charCodeAt(end)))
    end += 1;
  end = beforeParameter(text, start, end);
  while (end > start && '.,;)!?'.includes(text.charAt(end - 1))) end -= 1;
  return end;
}

/** The password in `postgres://user:password@host`. */
function findCredentials(text: string, found: Finding[]): void {
  for (
    let index = text.indexOf(schemeEnd);
    index >= 0;
    index = text.indexOf(schemeEnd, index + 3)
  ) {
    const start = index + 3;
    let colon = -1;
    for (let end = start; end < text.length && end - start < CREDENTIALS_MAX; end += 1) {
      const code = text.charCodeAt(end);
      if (code === COLON && colon < 0) colon = end;
      if (code === 0x40) {
        const value = text.slice(colon + 1, end);
        if (colon >= 0 && value.length >= 3 && !isPlaceholder(value))
          found.push({ type: 'secret', start: colon + 1, end });
        break;
      }
      if (
        code <= 0x20 ||
        code === 0x2f ||
        code === 0x22 ||
        code === 0x27 ||
        code === 0x3f ||
        code === 0x3c
      )
        break;
    }
  }
}
