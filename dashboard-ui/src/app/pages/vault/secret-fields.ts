import type { Schemas } from '../../api/client';

export interface FieldValue {
  readonly name: string;
  readonly value: string;
}

const FIELD_NAME = /^[A-Z][A-Z0-9_]{0,63}$/;
const FIELD_VALUE = /^[!-~]{1,8192}$/;
const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;

/** What a rule of a signal form answers. */
export const problem = (message: string | undefined) =>
  message === undefined ? undefined : { kind: 'secret', message };

export const blankFields = (names: readonly string[]): FieldValue[] =>
  names.map((name) => ({ name, value: '' }));

/** What the API takes: the fields that were filled in. */
export function filledFields(fields: readonly FieldValue[]): Record<string, string> {
  return Object.fromEntries(
    fields.filter(({ value }) => value !== '').map(({ name, value }) => [name, value]),
  );
}

export function fieldNameProblem(name: string): string | undefined {
  return FIELD_NAME.test(name)
    ? undefined
    : 'Name it like an environment variable: capital letters, digits and underscores.';
}

export function fieldValueProblem(value: string): string | undefined {
  return value === '' || FIELD_VALUE.test(value)
    ? undefined
    : 'A provider key has no spaces, line breaks or special characters.';
}

/** Hosts as people type them: separated by spaces, commas or lines. */
export function typedHosts(text: string): string[] {
  return text.split(/[\s,]+/).filter((host) => host !== '');
}

export function hostsProblem(text: string): string | undefined {
  const wrong = typedHosts(text).find((host) => !HOST.test(host));
  return wrong === undefined
    ? undefined
    : `“${wrong}” is not a host. Give names like api.openai.com, without https:// and path.`;
}

/** Beginnings of paths, however they are separated. */
export function pathsProblem(text: string): string | undefined {
  const wrong = typedHosts(text).find((path) => !/^\/[\w.~!$&'()*+,;=:@/-]*$/.test(path));
  return wrong === undefined
    ? undefined
    : `“${wrong}” is not the beginning of a path. Give one like /v1/, without host and query.`;
}

/** `x-api-key: {secret}`. @returns null for nothing, undefined for what is no header */
export function typedHeader(text: string): Schemas['SecretHeader'] | null | undefined {
  if (text.trim() === '') return null;
  const [, name, value] = /^\s*([A-Za-z0-9-]+):\s*(.*\{\w+\}.*?)\s*$/.exec(text) ?? [];
  return name === undefined || value === undefined
    ? undefined
    : { name: name.toLowerCase(), value };
}

/** As {@link typedHeader} reads it. */
export function shownHeader(header: Schemas['Secret']['header']): string {
  return header === null ? '' : `${header.name}: ${header.value}`;
}

export function headerProblem(text: string): string | undefined {
  return typedHeader(text) === undefined
    ? 'Write it as name: value, with {secret} where the key belongs.'
    : undefined;
}

export type Provider = Schemas['Provider'];
export const OTHER_PROVIDER = 'other';
