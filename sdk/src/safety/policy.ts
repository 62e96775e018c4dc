import { defaultTypes, piiTypes, type PiiType } from './finding.js';

export type PiiAction = 'block' | 'redact' | 'warn' | 'off';

/** A pattern of a customer's own, in RE2's language. */
export interface PiiPattern {
  /** Capital letters, digits, `_`: names what was found, and the token that replaces it. */
  readonly name: string;
  readonly pattern: string;
  readonly action: PiiAction;
}

/** What a project wants to be done about personal data, as the server sends it. What is missing has its default. */
export type PiiPolicy = Readonly<Partial<Record<PiiType, PiiAction>>> & {
  /** Put the original values back into answers. Default: true. */
  readonly restore?: boolean;
  readonly patterns?: readonly PiiPattern[];
};

/**
 * An address or a number in a text is no reason to stop an agent: it is replaced, and put back into the answer. The
 * other types are.
 */
const defaults: Readonly<Partial<Record<PiiType, PiiAction>>> = {
  ...Object.fromEntries(defaultTypes.map((type) => [type, 'block'])),
  phone: 'redact',
  ip: 'redact',
};

/** The action for each type that is looked for at all: `off` is not among them. */
export function actionsOf(policy: PiiPolicy): Map<string, Exclude<PiiAction, 'off'>> {
  const actions = new Map<string, Exclude<PiiAction, 'off'>>();
  for (const type of piiTypes) {
    const action = known(policy[type] ?? defaults[type] ?? 'off');
    if (action !== 'off') actions.set(type, action);
  }
  for (const { name, action } of policy.patterns ?? []) {
    if (action !== 'off') actions.set(name, known(action));
  }
  return actions;
}

/** A newer server may know more actions; what is not understood must not let anything out. */
function known<Action extends PiiAction>(action: Action): Action | 'block' {
  return action === 'off' || action === 'warn' || action === 'redact' ? action : 'block';
}

const phrases: Readonly<Record<PiiType, string>> = {
  email: 'an e-mail address',
  card: 'a payment card number',
  iban: 'a bank account number (IBAN)',
  ssn: 'a social security number',
  phone: 'a phone number',
  ip: 'an IP address',
  secret: 'a key or password',
  nationalId: 'a national id',
  bankAccount: 'a bank account number',
  medicalId: 'a medical id',
  documentId: 'the number of a document',
  birthDate: 'a date of birth',
  mac: 'a hardware address',
  wallet: 'the address of a wallet',
};

/** `an e-mail address`; for a pattern of one's own `EMPLOYEE_ID`. */
export function phraseFor(type: string): string {
  return Object.hasOwn(phrases, type) ? phrases[type as PiiType] : type;
}

/** `nationalId` becomes `NATIONAL_ID`. */
export function tokenName(type: string): string {
  return Object.hasOwn(phrases, type)
    ? type.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
    : type;
}
