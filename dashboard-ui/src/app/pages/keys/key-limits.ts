import { type SchemaPathTree, validate } from '@angular/forms/signals';
import type { Schemas } from '../../api/client';
import { moneyRule } from '../../core/form-rules';
import { typedMoney } from '../../core/money';
import { modelsRule, namesIn } from '../budgets/names-rule';

type Request = Schemas['KeyRequest'];

export const SCOPES = [
  { name: 'bootstrap', label: 'Start and receive provider keys' },
  { name: 'lease', label: 'Borrow' },
  { name: 'report', label: 'Report usage' },
  { name: 'listen', label: 'Hear changes at once' },
] as const;

/** What a key may be limited to, as it is typed; empty means: not limited. */
export interface KeyLimits {
  readonly scopes: Readonly<Record<(typeof SCOPES)[number]['name'], boolean>>;
  readonly addresses: string;
  readonly models: string;
  readonly requestsPerMinute: string;
  readonly spendCap: string;
}

export const NO_LIMITS: KeyLimits = {
  scopes: { bootstrap: true, lease: true, report: true, listen: true },
  addresses: '',
  models: '',
  requestsPerMinute: '',
  spendCap: '',
};

/** Looks like an address or a range; the server says what is wrong with the rest. */
const ADDRESS = /^[0-9A-Fa-f.:]+(\/\d{1,3})?$/;

export function addressProblem(text: string): string | undefined {
  const wrong = namesIn(text).find((entry) => !ADDRESS.test(entry));
  return wrong === undefined
    ? undefined
    : `“${wrong}” is no address. Use addresses or ranges like 203.0.113.0/24, separated by commas.`;
}

export function keyLimitRules(path: SchemaPathTree<KeyLimits>): void {
  modelsRule(path.models);
  moneyRule(path.spendCap, { empty: true });
  validate(path.addresses, ({ value }) => {
    const message = addressProblem(value());
    return message === undefined ? undefined : { kind: 'addresses', message };
  });
  validate(path.requestsPerMinute, ({ value }) =>
    /^([1-9]\d{0,5}|1000000)?$/.test(value().trim())
      ? undefined
      : { kind: 'wholeNumber', message: 'Enter a whole number from 1 to 1,000,000, or nothing.' },
  );
}

/** Only what was limited is sent. */
export function limitsOf(limits: KeyLimits): Partial<Request> {
  const scopes = SCOPES.map(({ name }) => name).filter((name) => limits.scopes[name]);
  const spendCap = typedMoney(limits.spendCap);
  return {
    ...(scopes.length < SCOPES.length && { scopes }),
    ...(limits.addresses.trim() !== '' && { allowedAddresses: namesIn(limits.addresses) }),
    ...(limits.models.trim() !== '' && { models: namesIn(limits.models) }),
    ...(limits.requestsPerMinute.trim() !== '' && {
      requestsPerMinute: Number(limits.requestsPerMinute),
    }),
    ...(spendCap !== undefined && { spendCap }),
  };
}
