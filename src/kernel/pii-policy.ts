import { z } from 'zod';

/** What the SDK's filter can find; the first seven are looked for unless a project says otherwise. */
export const PII_TYPES = [
  'email',
  'card',
  'iban',
  'ssn',
  'phone',
  'ip',
  'secret',
  'nationalId',
  'bankAccount',
  'medicalId',
  'documentId',
  'birthDate',
  'mac',
  'wallet',
] as const;

const PATTERNS_MAX = 20;
const action = z.enum(['block', 'redact', 'warn', 'off']);
/** The names of the tokens that stand for the built-in types: `[NATIONAL_ID_1]`. */
const TOKEN_NAMES: ReadonlySet<string> = new Set(
  PII_TYPES.map((type) => type.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()),
);

const pattern = z
  .strictObject({
    name: z
      .string()
      .max(32)
      .regex(/^[A-Z][A-Z0-9_]*[A-Z0-9]$/, {
        error: 'Use capital letters, digits and _, such as EMPLOYEE_ID.',
      })
      .refine((name) => !TOKEN_NAMES.has(name), {
        error: 'This is the name of a built-in type; choose another.',
      }),
    pattern: z.string().min(1).max(500).describe('In the language of RE2.'),
    action,
  })
  .meta({ id: 'PiiPatternChange' });

const savedPattern = z
  .object({ name: z.string(), pattern: z.string(), action })
  .meta({ id: 'PiiPattern' });

const actions = {
  email: action,
  card: action,
  iban: action,
  ssn: action,
  phone: action,
  ip: action,
  secret: action.describe('Keys, tokens, passwords.'),
  nationalId: action.describe('Ids of 25 countries, by their check digits.'),
  bankAccount: action,
  medicalId: action,
  documentId: action.describe('Passports, driving licences, visas.'),
  birthDate: action,
  mac: action.describe('Hardware addresses.'),
  wallet: action.describe('Addresses of Bitcoin and Ethereum.'),
  restore: z.boolean().describe('Put the values that were replaced back into answers.'),
};

/** What is done about personal data in prompts. */
export const piiPolicy = z
  .object({ ...actions, patterns: z.array(savedPattern) })
  .meta({ id: 'PiiPolicy' });
export const piiChange = z
  .strictObject({
    ...actions,
    patterns: z
      .array(pattern)
      .max(PATTERNS_MAX)
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, {
        error: 'Each pattern needs a name of its own.',
      })
      .describe('What else to look for, in the language of RE2. A change replaces the whole list.'),
  })
  .partial()
  .meta({ id: 'PiiChange' });

export type PiiPolicy = z.output<typeof piiPolicy>;

const DEFAULTS: PiiPolicy = {
  email: 'block',
  card: 'block',
  iban: 'block',
  ssn: 'block',
  // A number or address in a text is no reason to stop an agent: it is replaced, and put back into the answer.
  phone: 'redact',
  ip: 'redact',
  secret: 'block',
  nationalId: 'off',
  bankAccount: 'off',
  medicalId: 'off',
  documentId: 'off',
  birthDate: 'off',
  mac: 'off',
  wallet: 'off',
  restore: true,
  patterns: [],
};

/** The whole policy, from the part that a project has set. */
export function piiPolicyOf(set: Partial<PiiPolicy>): PiiPolicy {
  return { ...DEFAULTS, ...set };
}
