import { exactUsd, nano } from '../../core/money';
import { dateTime } from '../../core/time';

export interface AuditDetail {
  readonly name: string;
  readonly value: string;
}

const MONEY = /^-?\d+\.\d{9}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** The details of an audit event as people read them: words, dollars and times; what is empty is left out. */
export function auditDetails(details: Record<string, unknown>): AuditDetail[] {
  return Object.entries(details)
    .map(([name, value]) => ({ name: inWords(name), value: readable(value) }))
    .filter(({ value }) => value !== '');
}

const inWords = (name: string): string =>
  name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function readable(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(readable).join(', ');
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, part]) => `${inWords(name)} ${readable(part)}`)
      .join(', ');
  if (typeof value !== 'string') return JSON.stringify(value);
  if (MONEY.test(value)) return exactUsd(nano(value));
  return INSTANT.test(value) ? dateTime(value) : value;
}
