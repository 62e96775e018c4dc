import type { Schemas } from '../../api/client';
import { editableUsd, nano, type Nano, typedMoney } from '../../core/money';

export type Rates = Schemas['RatesPerMillion'];
export type RateName = keyof Rates;
/** Rates as people type them; empty: not given. */
export type TypedRates = Readonly<Record<RateName, string>>;

export interface RateKind {
  readonly name: RateName;
  /** Above its field. */
  readonly label: string;
  /** Among others in a sentence: "cache read $0.02". */
  readonly word: string;
  readonly hint: string;
  /** How many of the server's units the price is for that people know; without it, a million. */
  readonly units?: bigint;
}

const token = (name: RateName, label: string, word: string, hint = ''): RateKind => ({
  name,
  label,
  word,
  hint,
});
const ASIDE_FROM_TOKENS = 'Free unless given.';
const MILLION = 1_000_000n;
/** What the server keeps is a whole number of millionths of a dollar for a million. */
const FINEST_NANO = 1_000n;
const MOST_NANO = nano('1000000000');

export const MAIN_RATES: readonly RateKind[] = [
  token('input', 'Input', 'input'),
  token('output', 'Output', 'output'),
];
export const OTHER_RATES: readonly RateKind[] = [
  token('cacheRead', 'Cache reads', 'cache read', 'As input unless given.'),
  token('cacheWrite5m', 'Cache writes, 5 minutes', 'cache write 5m', 'As input unless given.'),
  token('cacheWrite1h', 'Cache writes, 1 hour', 'cache write 1h', 'As those of 5 minutes.'),
  token('audioInput', 'Audio input', 'audio input', 'As input unless given.'),
  token('audioOutput', 'Audio output', 'audio output', 'As output unless given.'),
];
/** What is not paid by the token. People know the price of one; the server wants that of a million. */
export const UNIT_RATES: readonly RateKind[] = [
  unit('webSearches', 'One web search', 'web search'),
  unit('fileSearches', 'One search in stored files', 'file search'),
  unit('containers', 'One container for code', 'container'),
  unit('audioSeconds', 'One minute of transcribed audio', 'minute of audio', 60n),
  token('characters', 'One million spoken characters', 'million characters', ASIDE_FROM_TOKENS),
  unit('searchUnits', "One of a reranker's search units", 'search unit'),
];
export const RATE_KINDS: readonly RateKind[] = [...MAIN_RATES, ...OTHER_RATES, ...UNIT_RATES];

function unit(name: RateName, label: string, word: string, units = 1n): RateKind {
  return { name, label, word, hint: ASIDE_FROM_TOKENS, units };
}

export function typedRates(rates?: Rates): TypedRates {
  return Object.fromEntries(
    RATE_KINDS.map((kind) => {
      const wire = rates?.[kind.name];
      return [kind.name, wire === undefined ? '' : editableUsd(knownPrice(kind, nano(wire)))];
    }),
  ) as Record<RateName, string>;
}

/** What people know, of what the server keeps; below a billionth of a dollar it is cut off. */
export function knownPrice({ units }: Pick<RateKind, 'units'>, perMillion: Nano): Nano {
  return units === undefined ? perMillion : (perMillion * units) / MILLION;
}

export const paidByUnit = (rates: TypedRates): boolean =>
  UNIT_RATES.some(({ name }) => rates[name].trim() !== '');

/** Whether no token has a price, but something else has one. */
export function paidByUnitAlone(rates: Rates): boolean {
  const isPaid = ({ name }: RateKind) => nano(rates[name] ?? '0') > 0n;
  return UNIT_RATES.some(isPaid) && ![...MAIN_RATES, ...OTHER_RATES].some(isPaid);
}

/**
 * For the API.
 * @param before what the form showed at first: what was not touched stays exactly as it was
 * @returns `undefined` while a rate is missing or wrong
 */
export function ratesIn(typed: TypedRates, before?: Rates): Rates | undefined {
  const shown = typedRates(before);
  const given: Partial<Record<RateName, string>> = {};
  for (const kind of RATE_KINDS) {
    const { name } = kind;
    if (typed[name].trim() === '') continue;
    if (rateProblem(kind, typed[name]) !== undefined) return undefined;
    const untouched = typed[name] === shown[name] ? before?.[name] : undefined;
    given[name] = untouched ?? editableUsd(perMillion(kind, typed[name]));
  }
  // What is paid by another unit costs nothing for tokens, unless it is said.
  const otherwise = paidByUnit(typed) ? '0' : undefined;
  const { input = otherwise, output = otherwise, ...others } = given;
  return input === undefined || output === undefined ? undefined : { input, output, ...others };
}

/** In the words of the server. */
export function rateProblem(kind: RateKind, text: string): string | undefined {
  const wire = typedMoney(text);
  if (wire === undefined) return 'Enter dollars like 25 or 12.50, at most nine decimals.';
  if (kind.units === undefined && nano(wire) % FINEST_NANO !== 0n)
    return 'Give at most six decimals: a rate is a whole number of pico-dollars per token.';
  if (perMillion(kind, text) <= MOST_NANO) return undefined;
  return `Enter at most $${kind.units === undefined ? '1,000,000,000' : '1,000'}.`;
}

/** A price that a division does not leave whole is rounded up to a millionth of a dollar for a million. */
function perMillion({ units }: RateKind, text: string): Nano {
  const price = nano(typedMoney(text) ?? '0');
  if (units === undefined) return price;
  const parts = units * FINEST_NANO;
  return ((price * MILLION + parts - 1n) / parts) * FINEST_NANO;
}
