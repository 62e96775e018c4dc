import { isIPv6 } from 'node:net';

import type { DigitGroups } from './digit-groups.js';
import { isDigit, isLetter, isPrecededBy, isWord, type Finding } from './finding.js';

const HYPHEN = 0x2d;
const SLASH = 0x2f;
const COLON = 0x3a;
const DOT = 0x2e;
/** `fe80:0000:…` with an IPv4 address at its end. */
const IPV6_MAX = 45;
const LOW = 20;

const versionWords =
  /(?:version|\bver|release|firmware|\bbuild|upgrade[sd]?(?: to)?|\bsdk|driver|\boid|section|chapter|clause|paragraph|§|\bv)["']?[ .:=]{0,3}["']?$/i;
const hostWords =
  /\bip\b|ipv4|\bips\b|addr|host|server|from|client|remote|gateway|\bdns|subnet|network|\blan\b|ssh|ping|proxy|router|\blog(?:ged|in)|connect|port|@|:\/\//i;

/**
 * Finds an IPv4 address at the group `first`. Addresses that name no machine (`0.…`, `127.0.…`, masks) are left
 * out, and so are numbers that look more like a version.
 * @returns how many groups were used up; 0 when it is none
 */
export function ipv4At(groups: DigitGroups, first: number, found: Finding[]): number {
  const last = first + 3;
  if (last >= groups.count) return 0;
  for (let index = first; index <= last; index += 1) {
    const size = groups.size(index);
    if (size > 3 || (size > 1 && groups.value(index).startsWith('0'))) return 0;
    if (Number(groups.value(index)) > 255) return 0;
    if (index < last && groups.gap(index) !== '.') return 0;
  }
  const { text } = groups;
  const start = groups.start(first);
  const end = groups.end(last);
  if (!isAddressBorder(text, start, end) || !groups.isFreeAfter(last)) return 0;
  const octets = [0, 1, 2, 3].map((offset) => Number(groups.value(first + offset)));
  if (!isHost(octets) || isVersion(text, start, end, octets)) return 0;
  found.push({ type: 'ip', start, end });
  return 4;
}

function isAddressBorder(text: string, start: number, end: number): boolean {
  const before = text.charCodeAt(start - 1);
  if (start > 0 && (isWord(before) || before === DOT)) return false;
  if (before === HYPHEN && isLetter(text.charCodeAt(start - 2))) return false;
  const after = text.charCodeAt(end);
  return !((after === HYPHEN || after === 0x2b) && isLetter(text.charCodeAt(end + 1)));
}

function isHost(octets: readonly number[]): boolean {
  const [first = 0, second = 0, ...rest] = octets;
  if (first === 0 || (first === 127 && second === 0) || (first === 255 && second === 255))
    return false;
  return second !== 0 || rest.some((octet) => octet !== 0);
}

function isVersion(text: string, start: number, end: number, octets: readonly number[]): boolean {
  if (isPrecededBy(text, start, versionWords)) return true;
  // `Chrome/120.6.0.12`
  if (text.charCodeAt(start - 1) === SLASH && isLetter(text.charCodeAt(start - 2))) return true;
  if (octets.some((octet) => octet >= LOW)) return false;
  const after = text.charCodeAt(end);
  const isUsedAsHost = (after === COLON || after === SLASH) && isDigit(text.charCodeAt(end + 1));
  return !isUsedAsHost && !isPrecededBy(text, start, hostWords);
}

/** Finds IPv6 addresses around colons, at most 45 characters on each side. */
export function findIpv6(text: string, found: Finding[]): void {
  let from = 0;
  for (
    let colon = text.indexOf(':');
    colon >= 0;
    colon = text.indexOf(':', Math.max(colon + 1, from))
  ) {
    const next = text.charCodeAt(colon + 1);
    if (next !== COLON && !(isHex(next) && isHex(text.charCodeAt(colon - 1)))) continue;
    let start = colon;
    while (start > from && colon - start < IPV6_MAX && isAddressPart(text.charCodeAt(start - 1))) {
      start -= 1;
    }
    let end = colon + 1;
    while (end - colon < IPV6_MAX && isAddressPart(text.charCodeAt(end))) end += 1;
    from = end;
    while (end > start && text.charCodeAt(end - 1) === DOT) end -= 1;
    if (isIpv6(text, start, end)) found.push({ type: 'ip', start, end });
  }
}

function isIpv6(text: string, start: number, end: number): boolean {
  const address = text.slice(start, end);
  if (address.length > IPV6_MAX || address.indexOf(':') === address.lastIndexOf(':')) return false;
  if (isWord(text.charCodeAt(start - 1)) || isWord(text.charCodeAt(end))) return false;
  if (!isIPv6(address) || !/\d/.test(address)) return false;
  const groups = address.split(':').filter((group) => group !== '');
  // Eight pairs are a hardware address or a fingerprint; `a::1` is a name in a program.
  if (!address.includes('::')) return groups.some((group) => group.length > 2);
  // `16:9::4:3` is something of a program, too: addresses that are given out have a long group.
  if (!groups.some((group) => group.length > 2)) return false;
  return groups.length >= 3 || /^(?:[23][0-9a-f]{3}|f[cdef][0-9a-f]{2})$/i.test(groups[0] ?? '');
}

function isAddressPart(code: number): boolean {
  return isHex(code) || code === COLON || code === DOT;
}

function isHex(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}
