import type { DigitGroups } from './digit-groups.js';
import { isPrecededBy, type Finding } from './finding.js';

const words =
  /\bssns?\b|ssn|social[ _-]?sec|soc\.? ?sec|seguro social|s[ée]curit[ée] sociale|sozialversicherung|\bitin\b|\btin\b|tax(?:payer)?[ _-]?id|\bid(?:entification)?[ _-]?(?:number|no|num|nr)|national[ _-]?id/i;
const strongWords =
  /(?:ssn|itin|social[ _-]?sec(?:urity)?)[ _-]?(?:number|no|num|#)?\W{0,6}(?:is |= ?)?["']?$/i;
const otherWords =
  /(?:order|invoice|part|serial|sku|model|ticket|case|ref(?:erence)?|isbn|policy|claim)[ _-]?(?:id|no|nr|number)?\W{0,4}$/i;

/**
 * Finds a US social security number or ITIN at the groups `first`…: three, two and four digits. The parts that were
 * never given out (000, 666, 00, 0000) are refused; 900–999 needs the groups of an ITIN or a word that says what it is.
 * @returns how many groups were used up; 0 when it is none
 */
export function ssnAt(groups: DigitGroups, first: number, found: Finding[]): number {
  if (groups.size(first) === 9) return bareAt(groups, first, found);
  const last = first + 2;
  if (last >= groups.count || groups.size(first) !== 3) return 0;
  if (groups.size(first + 1) !== 2 || groups.size(last) !== 4) return 0;
  const gap = groups.gap(first);
  if (gap !== groups.gap(first + 1) || (gap !== '-' && gap !== ' ' && gap !== '.')) return 0;
  if (!isAlone(groups, first, last)) return 0;
  const [area, group, serial] = [first, first + 1, last].map((index) => groups.value(index));
  if (!isIssued(area ?? '', group ?? '', serial ?? '')) return 0;
  const { text } = groups;
  const start = groups.start(first);
  const isNamed = isPrecededBy(text, start, words);
  if (!isNamed && (gap !== '-' || isUnusual(area ?? '', group ?? ''))) return 0;
  if (!isNamed && isPrecededBy(text, start, otherWords)) return 0;
  found.push({ type: 'ssn', start, end: groups.end(last) });
  return 3;
}

function bareAt(groups: DigitGroups, first: number, found: Finding[]): number {
  const start = groups.start(first);
  const digits = groups.value(first);
  if (!isAlone(groups, first, first) || !isPrecededBy(groups.text, start, strongWords)) return 0;
  if (!isIssued(digits.slice(0, 3), digits.slice(3, 5), digits.slice(5))) return 0;
  found.push({ type: 'ssn', start, end: groups.end(first) });
  return 1;
}

function isAlone(groups: DigitGroups, first: number, last: number): boolean {
  return (
    groups.isFreeBefore(first) &&
    groups.isFreeAfter(last) &&
    !groups.isBoundBefore(first) &&
    !groups.isBoundAfter(last)
  );
}

function isIssued(area: string, group: string, serial: string): boolean {
  return area !== '000' && area !== '666' && group !== '00' && serial !== '0000';
}

/** Neither an SSN nor an ITIN (IRS: 9xx with the groups 50–65, 70–88, 90–92, 94–99). */
function isUnusual(area: string, group: string): boolean {
  return area.startsWith('9') && !/^(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])$/.test(group);
}
