import { isLetterOrDigit, type Finding } from './finding.js';

const LOCAL_MAX = 64;
const DOMAIN_MAX = 253;
/** RFC 5322's marks without `& / = ?`: in practice those are the borders in a link. */
const localMarks = new Set(Buffer.from(".!#$%'*+^_`{|}~-", 'latin1'));
const DOT = 0x2e;
const HYPHEN = 0x2d;
const domainPattern = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}$/i;

/**
 * Finds e-mail addresses. Looks only around `@` signs and at most at 64 + 253 characters there,
 * so that the time is linear in the text.
 */
export function findEmails(text: string): Finding[] {
  const found: Finding[] = [];
  let from = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const start = localStart(text, at, from);
    const end = start < at ? domainEnd(text, at + 1) : -1;
    if (end < 0) continue;
    found.push({ type: 'email', start, end });
    from = end;
  }
  return found;
}

function localStart(text: string, at: number, floor: number): number {
  let start = at;
  const lowest = Math.max(floor, at - LOCAL_MAX);
  while (start > lowest && isLocal(text.charCodeAt(start - 1))) start -= 1;
  while (start < at && !isLocalEdge(text.charCodeAt(start))) start += 1;
  return text.charCodeAt(at - 1) === DOT ? at : start;
}

function domainEnd(text: string, start: number): number {
  let end = start;
  const highest = Math.min(text.length, start + DOMAIN_MAX);
  while (end < highest && isDomain(text.charCodeAt(end))) end += 1;
  while (end > start && !isLetterOrDigit(text.charCodeAt(end - 1))) end -= 1;
  return domainPattern.test(text.slice(start, end)) ? end : -1;
}

function isDomain(code: number): boolean {
  return isLetterOrDigit(code) || code === DOT || code === HYPHEN;
}

function isLocal(code: number): boolean {
  return isLetterOrDigit(code) || localMarks.has(code) || code > 0x7f;
}

function isLocalEdge(code: number): boolean {
  return isLetterOrDigit(code) || code === 0x5f || code > 0x7f;
}
