import type { SealedValue } from './sealed-value.js';

/** The header that carries a secret. */
export interface HeaderForm {
  readonly name: string;
  /** `{secret}` stands for the only field of the secret, `{NAME}` for the field of that name. */
  readonly value: string;
}

const placeholder = /\{([^{}]*)\}/g;

/** The header's text with the real values in it; undefined when the form names a field that is not there. */
export function fillHeader(
  form: HeaderForm,
  fields: ReadonlyMap<string, SealedValue>,
): string | undefined {
  const [only] = fields.values();
  const valueOf = (name: string): SealedValue | undefined =>
    name === 'secret' && fields.size === 1 ? only : fields.get(name);
  const names = [...form.value.matchAll(placeholder)].map(([, name = '']) => name);
  if (names.some((name) => valueOf(name) === undefined)) return undefined;
  return form.value.replace(placeholder, (_all, name: string) => valueOf(name)?.reveal() ?? '');
}
