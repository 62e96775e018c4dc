import { isLetterOrDigit, type Finding } from './finding.js';

const LOCAL_MAX = 64;
const DOMAIN_MAX = 253;
/** Of RFC 5322's marks those that providers give out; the others are borders of links, tables and code. */
const localMarks = new Set(Buffer.from(".%'+_~-", 'latin1'));
/** Around an address these are punctuation far more often than a part of it. */
const outerMarks = new Set(Buffer.from(".%'+~-", 'latin1'));
const DOT = 0x2e;
const HYPHEN = 0x2d;
const domainPattern = /^(?:[a-z0-9-]+\.)+[a-z]{2,24}$/i;
/** Apart, because one pattern for both would go over a label once more for each of its letters. */
const wrongLabel = /^-|-\.|\.-|[^.]{64}/;
const anyDomainPattern =
  /^(?:[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}-]{0,62}\.){1,9}\p{L}[\p{L}\p{M}]{1,23}$/u;
const foreignLocal = /[\p{L}\p{M}\p{N}]/u;
/** Before a colon and a path it is the name of a repository, not of a person. */
const repository = /^git@[^:]{4,253}:(?!\s|\d+\b)[\w~./-]/i;
/** A sentence in such a script before an `@`: of a handle, of code. */
const onlyUnspaced =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{M}]+$/u;
const QUOTE = 0x22;
/** Scripts that are written without spaces: a Latin name after them starts an address. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}][a-z]/giu;
/** Names of files and packages, not of domains. */
const fileEndings =
  /\.(?:png|jpe?g|gif|svg|webp|ico|css|scss|js|mjs|cjs|jsx|ts|tsx|json|yaml|yml|md|txt|html?|xml|php|pdf|map|lock|toml|cfg|ini|conf|log|csv|tgz|gz|local|localhost|internal|service|timer|socket|target)$/i;

/**
 * Finds e-mail addresses. Looks only around `@` signs and at most at 64 + 253 characters there,
 * so that the time is linear in the text.
 */
export function findEmails(text: string, found: Finding[]): void {
  let from = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const start =
      text.charCodeAt(at - 1) === QUOTE ? quotedStart(text, at, from) : localStart(text, at, from);
    const end = start < at ? domainEnd(text, at + 1) : -1;
    if (end < 0 || isNoAddress(text, start, at, end)) continue;
    found.push({ type: 'email', start, end });
    from = end;
  }
}

function localStart(text: string, at: number, floor: number): number {
  let start = at;
  const lowest = Math.max(floor, at - LOCAL_MAX);
  let isForeign = false;
  while (start > lowest) {
    const code = text.charCodeAt(start - 1);
    if (code > 0x7f) {
      if (!isForeignLocal(text, start - 1)) break;
      isForeign = true;
    } else if (!isLocal(code)) break;
    start -= 1;
  }
  if (text.charCodeAt(at - 1) === DOT) return at;
  if (isForeign) start = afterUnspaced(text, start, at);
  while (start < at && outerMarks.has(text.charCodeAt(start))) start += 1;
  return start;
}

/** `"Jane Doe"@example.com`: RFC 5322 allows spaces between quotes. */
function quotedStart(text: string, at: number, floor: number): number {
  const lowest = Math.max(floor, at - LOCAL_MAX);
  for (let index = at - 2; index >= lowest; index -= 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index < at - 2 ? index : at;
    if (code > 0x7f ? !isForeignLocal(text, index) : !isLocal(code) && code !== 0x20) return at;
  }
  return at;
}

function isNoAddress(text: string, start: number, at: number, end: number): boolean {
  if (text.charCodeAt(end) === 0x3a && repository.test(text.slice(start, end + 2))) return true;
  return text.charCodeAt(start) > 0x7f && onlyUnspaced.test(text.slice(start, at))
    ? isPlainDomain(text.slice(at + 1, end))
    : false;
}

/** Letters of any script; half of a character beyond the basic plane counts as a letter. */
function isForeignLocal(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return (code & 0xf800) === 0xd800 || foreignLocal.test(text.charAt(index));
}

/** `联系alice@example.com`: the address starts at the Latin letter. */
function afterUnspaced(text: string, start: number, at: number): number {
  let result = start;
  for (const { index } of text.slice(start, at).matchAll(unspaced)) result = start + index + 1;
  return result;
}

function domainEnd(text: string, start: number): number {
  let end = start;
  const highest = Math.min(text.length, start + DOMAIN_MAX);
  while (end < highest && isDomain(text.charCodeAt(end))) end += 1;
  const isForeign = end < highest && text.charCodeAt(end) > 0x7f;
  while (end > start && !isLetterOrDigit(text.charCodeAt(end - 1))) end -= 1;
  const domain = text.slice(start, end);
  if (isPlainDomain(domain)) return fileEndings.test(domain) ? -1 : end;
  return isForeign ? foreignDomainEnd(text, start, highest) : -1;
}

function isPlainDomain(domain: string): boolean {
  return domainPattern.test(domain) && !wrongLabel.test(domain);
}

/** An internationalised domain: `müller.de`, `почта.рф`. */
function foreignDomainEnd(text: string, start: number, highest: number): number {
  let end = start;
  while (end < highest && (isDomain(text.charCodeAt(end)) || isForeignLocal(text, end))) end += 1;
  while (end > start && (text.charCodeAt(end - 1) === DOT || text.charCodeAt(end - 1) === HYPHEN)) {
    end -= 1;
  }
  return anyDomainPattern.test(text.slice(start, end)) ? end : -1;
}

function isDomain(code: number): boolean {
  return isLetterOrDigit(code) || code === DOT || code === HYPHEN;
}

function isLocal(code: number): boolean {
  return isLetterOrDigit(code) || localMarks.has(code);
}
