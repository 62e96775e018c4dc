import type { Nano } from '../../kernel/money.js';

export const BUCKETS = [
  'input',
  'cacheRead',
  'cacheWrite5m',
  'cacheWrite1h',
  'output',
  'audioInput',
  'audioOutput',
] as const;
export type Bucket = (typeof BUCKETS)[number];
/** Tokens by disjoint bucket: together they are what the provider counted. */
export type Tokens = Readonly<Record<Bucket, number>>;
/** Integer pico-dollars (10⁻¹² USD) per token, as decimal strings. */
export type Rates = Readonly<Partial<Record<Bucket, string>>>;

export interface Period {
  /** First UTC day (YYYY-MM-DD) on which it applies; absent: since ever. */
  readonly from?: string;
  readonly rates: Rates;
  /** Rates for the whole call once all its input tokens together exceed the threshold. */
  readonly tiers?: readonly { readonly aboveInputTokens: number; readonly rates: Rates }[];
}

export type Match =
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string }
  | { readonly or: readonly Match[] }
  | { readonly and: readonly Match[] };

export interface ModelPrice {
  readonly provider: string;
  readonly id: string;
  readonly match: Match;
  readonly contextTokens?: number;
  readonly maxOutputTokens?: number;
  readonly periods: readonly Period[];
}

export interface PriceTable {
  readonly version: string;
  readonly models: readonly ModelPrice[];
}

/** What a bucket costs that has no rate of its own. */
const FALLBACK: Readonly<Partial<Record<Bucket, Bucket>>> = {
  cacheRead: 'input',
  cacheWrite5m: 'input',
  cacheWrite1h: 'cacheWrite5m',
  audioInput: 'input',
  audioOutput: 'output',
};

export function findModel(
  table: PriceTable,
  provider: string,
  model: string,
): ModelPrice | undefined {
  const name = model.toLowerCase();
  return table.models.find((entry) => entry.provider === provider && matches(entry.match, name));
}

function matches(match: Match, name: string): boolean {
  if ('equals' in match) return name === match.equals.toLowerCase();
  if ('starts_with' in match) return name.startsWith(match.starts_with.toLowerCase());
  if ('ends_with' in match) return name.endsWith(match.ends_with.toLowerCase());
  if ('contains' in match) return name.includes(match.contains.toLowerCase());
  if ('regex' in match) return new RegExp(match.regex, 'i').test(name);
  if ('or' in match) return match.or.some((part) => matches(part, name));
  return match.and.every((part) => matches(part, name));
}

export function ratesAt(price: ModelPrice, atMs: number, inputTokens: number): Rates {
  const today = new Date(atMs).toISOString().slice(0, 10);
  const period =
    price.periods.findLast(({ from }) => from === undefined || from <= today) ?? price.periods[0];
  if (!period) throw new Error(`${price.provider}/${price.id} has no price`);
  const tier = period.tiers?.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
  return tier?.rates ?? period.rates;
}

/**
 * Cost of one call: Σ tokens × rate, rounded up once to a whole nano-dollar.
 *
 * @param atMs when the call was made, milliseconds since the Unix epoch
 */
export function costOf(price: ModelPrice, tokens: Tokens, atMs: number): Nano {
  const rates = ratesAt(
    price,
    atMs,
    tokens.input + tokens.cacheRead + tokens.cacheWrite5m + tokens.cacheWrite1h,
  );
  const pico = BUCKETS.reduce(
    (sum, bucket) => sum + BigInt(tokens[bucket]) * rateOf(rates, bucket),
    0n,
  );
  return (pico + 999n) / 1000n;
}

export function rateOf(rates: Rates, bucket: Bucket): bigint {
  for (let name: Bucket | undefined = bucket; name !== undefined; name = FALLBACK[name]) {
    const rate = rates[name];
    if (rate !== undefined) return BigInt(rate);
  }
  return 0n;
}
