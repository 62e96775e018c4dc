import { AppError } from '../../kernel/errors.js';
import { open, seal, SealBrokenError } from '../../kernel/sealed-box.js';
import { secretContext, type SealedVersionOf } from './context.js';

/** Field name → the value itself, or where the server finds it at the time of a delivery. */
export type SecretValues = Readonly<Record<string, string | { readonly reference: string }>>;

/** What people may see of a field. */
export interface FieldHint {
  readonly name: string;
  readonly last4: string;
  readonly reference: string | null;
}

/** @param fields values as they are; `references` in addition, under other names */
export function secretValues(
  fields: Readonly<Record<string, string>> = {},
  references: Readonly<Record<string, string>> = {},
): SecretValues {
  const found = Object.entries(references).map(([name, reference]) => [name, { reference }]);
  return { ...fields, ...(Object.fromEntries(found) as SecretValues) };
}

/** Of a short value the last four characters would be too much of it. */
export function hintsOf(values: SecretValues): FieldHint[] {
  return Object.entries(values).map(([name, value]) =>
    typeof value === 'string'
      ? { name, last4: value.length >= 16 ? value.slice(-4) : '', reference: null }
      : { name, last4: '', reference: value.reference },
  );
}

/** References too: who could write to the database must not be able to point a secret elsewhere. */
export function sealValues(key: Buffer, values: SecretValues, row: SealedVersionOf): Buffer {
  const plaintext = Buffer.from(JSON.stringify(values), 'utf8');
  try {
    return seal(key, plaintext, secretContext(row));
  } finally {
    plaintext.fill(0);
  }
}

/** @throws {AppError} SECRET_UNREADABLE when the row was altered, moved, or rolled back */
export function openValues(key: Buffer, sealed: Buffer, row: SealedVersionOf): SecretValues {
  const plaintext = openBytes(key, sealed, row);
  try {
    return JSON.parse(plaintext.toString('utf8')) as SecretValues;
  } finally {
    plaintext.fill(0);
  }
}

export function openBytes(key: Buffer, sealed: Buffer, row: SealedVersionOf): Buffer {
  try {
    return open(key, sealed, secretContext(row));
  } catch (error) {
    if (!(error instanceof SealBrokenError)) throw error;
    throw unreadable(row, error);
  }
}

export function unreadable(
  row: Pick<SealedVersionOf, 'secretId' | 'version'>,
  cause?: unknown,
): AppError {
  return new AppError(
    'SECRET_UNREADABLE',
    'A stored provider key cannot be opened: its row was altered, or restored from elsewhere. Store it anew (iron-cage secret rotate), then destroy the broken version.',
    {
      details: { secretId: row.secretId, version: row.version },
      internal: `version ${String(row.version)} of secret ${row.secretId} does not open`,
      cause,
    },
  );
}
