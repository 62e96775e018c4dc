import { usageError } from './cli-error.js';

const ASSIGNMENT = /^([A-Z][A-Z0-9_]*)=(.+)$/s;

/**
 * Values out of environment variables. A name is field and variable at once; `FIELD=VARIABLE` tells them apart; a provider with one
 * field takes any single variable.
 */
export function fieldsFromEnvironment(
  names: readonly string[],
  fields: readonly string[],
  variable: (name: string) => string | undefined,
): Record<string, string> {
  return Object.fromEntries(
    names.map((given) => {
      const [, field, source = given] = ASSIGNMENT.exec(given) ?? [];
      const target =
        field ?? (fields.length === 1 && names.length === 1 ? fields[0] : given) ?? given;
      const value = variable(source);
      if (value === undefined) throw usageError(`The environment variable ${source} is not set.`);
      return [checked(target, fields), value.trim()];
    }),
  );
}

/** The value of a provider's only field, or one `FIELD=value` on each line. */
export function fieldsFromText(text: string, fields: readonly string[]): Record<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const [only] = fields;
  const [first = ''] = lines;
  if (
    fields.length === 1 &&
    only !== undefined &&
    lines.length === 1 &&
    !first.startsWith(`${only}=`)
  )
    return { [only]: first.trim() };
  return Object.fromEntries(
    lines.map((line) => {
      const [, field, value] = ASSIGNMENT.exec(line.trim()) ?? [];
      if (field === undefined || value === undefined)
        throw usageError(
          `Standard input needs one FIELD=value on each line; the fields are ${fields.join(', ')}.`,
        );
      return [checked(field, fields), value];
    }),
  );
}

/** `FIELD=vault://mount/path#field` or `FIELD=env://NAME`. */
export function referencesFromText(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const [, field, reference] = ASSIGNMENT.exec(text) ?? [];
      if (field === undefined || reference === undefined)
        throw usageError(`"${text}" is no reference: write FIELD=vault://mount/path#field.`);
      return [field, reference];
    }),
  );
}

/** A misspelt field would be stored and never be found by the agent. */
function checked(field: string, fields: readonly string[]): string {
  if (fields.length === 0 || fields.includes(field)) return field;
  throw usageError(
    `"${field}" is not a field of this provider; its fields are ${fields.join(', ')}. Write FIELD=VARIABLE to name both.`,
  );
}
