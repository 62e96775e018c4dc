import type { Schemas } from '../../api/client';

export type AuditEvent = Schemas['AuditEvent'];

const LONG_ID = 12;

/** Whom or what an event is about, in two parts: what people call it, and what it is. */
export interface Named {
  readonly name: string;
  readonly kind: string;
}

/** `user:<id>` or `project:<id>` with its name, where there is one; else the end of the id, which differs more than its beginning. */
export function named(reference: string, name: string | null): Named {
  const colon = reference.indexOf(':');
  if (colon < 0) return { name: capitalized(reference.replaceAll('-', ' ')), kind: '' };
  const kind = reference.slice(0, colon).replaceAll('-', ' ');
  const id = reference.slice(colon + 1);
  if (name !== null) return { name, kind: kind === 'user' ? '' : kind };
  return { name: id.length > LONG_ID ? `…${id.slice(-8)}` : id, kind };
}

const capitalized = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** `project.pause` in two parts, so that a narrow column breaks it after the dot. */
export function parts(action: string): readonly [string, string] {
  const end = action.indexOf('.') + 1;
  return [action.slice(0, end), action.slice(end)];
}

/** When a filter of the address is an instant, it in ms since the epoch. */
export function instantOf(text: string | undefined): number | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

const EARLIEST_YEAR = 2000;

/**
 * What was typed into a date field, for the address. While a year is typed, 2026 is first the year 2, then 20 and 202.
 *
 * @returns '' for nothing, undefined while it is not complete
 */
export function typedInstant(text: string): string | undefined {
  if (text === '') return '';
  const at = new Date(text);
  return Number.isNaN(at.getTime()) || at.getFullYear() < EARLIEST_YEAR
    ? undefined
    : at.toISOString();
}
