/** The header that carries a secret: `{secret}` stands for its only field, `{NAME}` for the field of that name. */
export interface HeaderForm {
  readonly name: string;
  readonly value: string;
}

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** @returns why the form does not fit these fields; undefined: it does */
export function headerProblem(form: HeaderForm, fields: readonly string[]): string | undefined {
  const names = [...form.value.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  if (names.length === 0)
    return 'The header has no {secret}: write it where the key belongs, as in "Bearer {secret}".';
  for (const name of names) {
    if (name === 'secret') {
      if (fields.length !== 1)
        return `The secret has several fields: name one in the header, such as {${fields[0] ?? 'API_KEY'}}.`;
    } else if (!fields.includes(name)) {
      return `The header names {${name}}, which is not a field of the secret: ${fields.join(', ')}.`;
    }
  }
  return undefined;
}
