import { cardAt } from './card-scanner.js';
import { eachDigitGroups, type DigitGroups } from './digit-groups.js';
import { findAssignedSecrets } from './assignment-scanner.js';
import { findEmails } from './email-scanner.js';
import { optionalTypes, type Finding } from './finding.js';
import { ibanAt } from './iban-scanner.js';
import { findIpv6, ipv4At } from './ip-scanner.js';
import { findLabelled } from './labelled-scanner.js';
import { findNationalIds } from './national-ids.js';
import { phoneAt } from './phone-scanner.js';
import { readableText } from './readable-text.js';
import { findKeys } from './secret-scanner.js';
import { ssnAt } from './ssn-scanner.js';
import { findWallets } from './wallet-scanner.js';

/** The shortest number that is something: a North American phone number without its area, an IPv4 address. */
const DIGITS_MIN = 7;
const GROUPS_OF_ADDRESS = 4;

/**
 * Finds personal data and secrets of the wanted types in a text.
 * @returns findings in the order of the text, without overlaps; positions are those of `text`
 */
export function findPii(text: string, types: ReadonlySet<string>): Finding[] {
  const readable = readableText(text);
  const found: Finding[] = [];
  if (types.has('secret')) {
    findKeys(readable.text, found);
    findAssignedSecrets(readable.text, found);
  }
  if (types.has('email')) findEmails(readable.text, found);
  if (types.has('ip')) findIpv6(readable.text, found);
  findNumbers(readable.text, types, found);
  if (optionalTypes.some((type) => types.has(type))) findOptional(readable.text, types, found);
  return withoutOverlaps(found).map(({ type, start, end }) => ({
    type,
    start: readable.startOf(start),
    end: readable.endOf(end),
  }));
}

function findOptional(text: string, types: ReadonlySet<string>, found: Finding[]): void {
  findLabelled(text, types, found);
  if (types.has('nationalId')) findNationalIds(text, found);
  if (types.has('wallet')) findWallets(text, found);
}

function findNumbers(text: string, types: ReadonlySet<string>, found: Finding[]): void {
  eachDigitGroups(text, (groups) => {
    if (groups.digits < DIGITS_MIN && groups.count < GROUPS_OF_ADDRESS) {
      if (types.has('iban')) findIban(groups, found);
      return;
    }
    let covered = types.has('iban') ? findIban(groups, found) : -1;
    for (let index = 0; index < groups.count;) {
      const used = groups.start(index) < covered ? 0 : numberAt(groups, index, types, found);
      if (used > 0) covered = groups.end(index + used - 1);
      index += Math.max(1, used);
    }
  });
}

function findIban(groups: DigitGroups, found: Finding[]): number {
  let end = -1;
  for (let index = 0; index < groups.count; index += 1) {
    if (groups.start(index) >= end) end = Math.max(end, ibanAt(groups, index, found));
  }
  return end;
}

/** The most certain first. @returns how many groups were used up; 0 when it is nothing */
function numberAt(
  groups: DigitGroups,
  index: number,
  types: ReadonlySet<string>,
  found: Finding[],
): number {
  if (types.has('card')) {
    const used = cardAt(groups, index, found);
    if (used > 0) return used;
  }
  if (types.has('ip')) {
    const used = ipv4At(groups, index, found);
    if (used > 0) return used;
  }
  if (types.has('ssn')) {
    const used = ssnAt(groups, index, found);
    if (used > 0) return used;
  }
  return types.has('phone') ? phoneAt(groups, index, found) : 0;
}

/** What starts first wins; of two that start together the longer. A secret wins against all. */
export function withoutOverlaps(found: Finding[]): Finding[] {
  if (found.length < 2) return found;
  const isSecret = ({ type }: Finding): number => (type === 'secret' ? 1 : 0);
  const secrets = spread(found.filter((finding) => finding.type === 'secret'));
  const others = spread(found.filter((finding) => finding.type !== 'secret'));
  const kept = [...secrets];
  let next = 0;
  for (const finding of others) {
    while ((secrets[next]?.end ?? Infinity) <= finding.start) next += 1;
    if ((secrets[next]?.start ?? Infinity) >= finding.end) kept.push(finding);
  }
  return kept.sort(
    (first, second) => first.start - second.start || isSecret(second) - isSecret(first),
  );
}

function spread(found: Finding[]): Finding[] {
  const sorted = found.sort(
    (first, second) => first.start - second.start || second.end - first.end,
  );
  let coveredUntil = 0;
  return sorted.filter(({ start, end }) => {
    if (start < coveredUntil) return false;
    coveredUntil = end;
    return true;
  });
}
