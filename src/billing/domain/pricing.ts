import type { Nano } from '../../kernel/money.js';

const COMMON_BUCKETS = [
  'input',
  'cacheRead',
  'cacheWrite5m',
  'cacheWrite1h',
  'output',
  'audioInput',
  'audioOutput',
] as const;
/** Counted in what they are called, not in tokens. */
export const UNIT_BUCKETS = [
  'webSearches',
  'fileSearches',
  'containers',
  'audioSeconds',
  'characters',
  'searchUnits',
] as const;
export const RARE_BUCKETS = [
  'imageInput',
  'videoInput',
  'audioCacheRead',
  'imageCacheRead',
  'imageOutput',
  'videoOutput',
  ...UNIT_BUCKETS,
] as const;
export const BUCKETS = [...COMMON_BUCKETS, ...RARE_BUCKETS] as const;
type CommonBucket = (typeof COMMON_BUCKETS)[number];
type RareBucket = (typeof RARE_BUCKETS)[number];
export type Bucket = CommonBucket | RareBucket;
/** Tokens and units by disjoint bucket: together they are what the provider counted. */
export type Tokens = Readonly<Record<CommonBucket, number>> &
  Readonly<Partial<Record<RareBucket, number | undefined>>>;
/** Integer pico-dollars (10⁻¹² USD) per token or unit, as decimal strings; `call` is what each call costs beside its tokens. */
export type Rates = Readonly<Partial<Record<Bucket | 'call', string>>>;

/** Rates for the whole call once all its input tokens together exceed the threshold. */
export type Tiers = readonly { readonly aboveInputTokens: number; readonly rates: Rates }[];

export interface Period {
  /** First UTC day (YYYY-MM-DD) on which it applies; absent: since ever. */
  readonly from?: string;
  readonly rates: Rates;
  readonly tiers?: Tiers;
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

/** A factor as a fraction of whole numbers: 1.1 is 11/10, exactly. */
export interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

/** What a way of serving a call makes of its price, such as a provider's priority tier. */
export interface Multiplier extends Ratio {
  readonly provider: string;
  /** As a usage record names it: `service_tier:priority`. */
  readonly modifier: string;
  /** Absent: every model of the provider. */
  readonly match?: Match;
}

/** Somebody's own rates for models of a provider. */
export interface Override {
  readonly id: string;
  readonly provider: string;
  readonly match: Match;
  /** First UTC day on which it applies. */
  readonly from: string;
  /** First UTC day on which it does not apply any more. */
  readonly until?: string;
  readonly rates: Rates;
  readonly tiers?: Tiers;
}

/** A price table: the shipped one, or what a project makes of it. */
export interface PriceTable {
  readonly version: string;
  readonly models: readonly ModelPrice[];
  readonly multipliers?: readonly Multiplier[];
  /** The first that fits and is in force wins, before any model. */
  readonly overrides?: readonly Override[];
  /** Added to every cost, in hundredths of a percent. */
  readonly markupBasisPoints?: number;
  /** For models that nothing else knows. */
  readonly ceiling?: Rates;
}

export type PriceSource = 'override' | 'table' | 'ceiling';

/** The price of a model on a day. */
export interface Price {
  readonly source: PriceSource;
  /** Of the override, or of the table's entry. */
  readonly id: string | undefined;
  readonly rates: Rates;
  readonly tiers: Tiers;
}

/** What a cost was made of: enough to make it again. */
export interface Pricing {
  /** `client`: nothing had a price, so the client's own figure was booked. */
  readonly source: PriceSource | 'client';
  /** The price table in force. */
  readonly version: string;
  /** UTC. */
  readonly day: string;
  /** Of the override, or of the table's entry. */
  readonly id?: string;
  /** Where no table version tells them. */
  readonly rates?: Rates;
  readonly modifiers?: readonly string[];
  readonly multipliers?: readonly Ratio[];
  readonly markupBasisPoints?: number;
}

/** What a bucket costs that has no rate of its own. */
const FALLBACK: Readonly<Partial<Record<Bucket, Bucket>>> = {
  cacheRead: 'input',
  cacheWrite5m: 'input',
  cacheWrite1h: 'cacheWrite5m',
  audioInput: 'input',
  audioOutput: 'output',
  imageInput: 'input',
  videoInput: 'input',
  audioCacheRead: 'cacheRead',
  imageCacheRead: 'cacheRead',
  imageOutput: 'output',
  videoOutput: 'output',
};
const OUTPUT: readonly Bucket[] = ['output', 'audioOutput', 'imageOutput', 'videoOutput'];
const NOT_INPUT: ReadonlySet<Bucket> = new Set([...OUTPUT, ...UNIT_BUCKETS]);
const BASIS_POINTS = 10_000n;
const PICO_PER_NANO = 1_000n;

export function findModel(
  table: PriceTable,
  provider: string,
  model: string,
): ModelPrice | undefined {
  const name = model.trim().toLowerCase();
  const find = (wanted: string): ModelPrice | undefined =>
    table.models.find((entry) => entry.provider === provider && matches(entry.match, wanted));
  return find(name) ?? find(withDashedDate(name));
}

/** `model-20250929` as `model-2025-09-29`: some providers write the dates of their models so. */
function withDashedDate(name: string): string {
  return name.replace(/-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g, '-$1-$2-$3');
}

/** @param name lower-cased */
export function matches(match: Match, name: string): boolean {
  if ('equals' in match) return name === match.equals.toLowerCase();
  if ('starts_with' in match) return name.startsWith(match.starts_with.toLowerCase());
  if ('ends_with' in match) return name.endsWith(match.ends_with.toLowerCase());
  if ('contains' in match) return name.includes(match.contains.toLowerCase());
  if ('regex' in match) return new RegExp(match.regex, 'iu').test(name);
  if ('or' in match) return match.or.some((part) => matches(part, name));
  return match.and.every((part) => matches(part, name));
}

/** The UTC day of a moment, as price tables write it. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/**
 * What a model costs: by an override, else by the table, else by the ceiling.
 *
 * @param day UTC, YYYY-MM-DD
 * @param find a faster way to the table's entry
 * @returns `undefined` for a model that has no price
 */
export function priceOn(
  table: PriceTable,
  provider: string,
  model: string,
  day: string,
  find: () => ModelPrice | undefined = () => findModel(table, provider, model),
): Price | undefined {
  const name = model.toLowerCase();
  const override = table.overrides?.find(
    ({ from, until, ...rule }) =>
      rule.provider === provider &&
      from <= day &&
      (until === undefined || day < until) &&
      matches(rule.match, name),
  );
  if (override) {
    const { id, rates, tiers = [] } = override;
    return { source: 'override', id, rates, tiers };
  }
  const entry = find();
  if (entry) {
    const { rates, tiers = [] } = periodOn(entry, day);
    return { source: 'table', id: entry.id, rates, tiers };
  }
  return table.ceiling && { source: 'ceiling', id: undefined, rates: table.ceiling, tiers: [] };
}

/** The rates of the highest tier that the input exceeds. */
export function ratesFor(
  { rates, tiers }: Pick<Price, 'rates' | 'tiers'>,
  inputTokens: number,
): Rates {
  let reached: Tiers[number] | undefined;
  for (const tier of tiers) {
    if (inputTokens <= tier.aboveInputTokens) continue;
    if (!reached || tier.aboveInputTokens > reached.aboveInputTokens) reached = tier;
  }
  return reached?.rates ?? rates;
}

/** One factor for each modifier that the table has a rule for; the first rule that fits counts. */
export function multipliersFor(
  table: PriceTable,
  provider: string,
  model: string,
  modifiers: readonly string[],
): Ratio[] {
  const name = model.toLowerCase();
  return [...new Set(modifiers)].sort().flatMap((modifier) => {
    const rule = table.multipliers?.find(
      (each) =>
        each.provider === provider &&
        each.modifier === modifier &&
        (each.match === undefined || matches(each.match, name)),
    );
    return rule ? [{ numerator: rule.numerator, denominator: rule.denominator }] : [];
  });
}

export interface Charge {
  readonly multipliers?: readonly Ratio[];
  readonly markupBasisPoints?: number;
}

/**
 * Cost of one call: Σ tokens × rate, times every multiplier and the mark-up, all exact; rounded up once, at the end, to a whole
 * nano-dollar.
 */
export function chargeOf(
  price: Pick<Price, 'rates' | 'tiers'>,
  tokens: Tokens,
  charge: Charge = {},
): Nano {
  return nanoOf(picoOf(ratesFor(price, inputTokensOf(tokens)), tokens), charge);
}

/** Pico-dollars with all factors, rounded up to a whole nano-dollar. */
export function nanoOf(
  pico: bigint,
  { multipliers = [], markupBasisPoints = 0 }: Charge = {},
): Nano {
  let numerator = pico;
  let denominator = PICO_PER_NANO;
  for (const ratio of multipliers) {
    numerator *= BigInt(ratio.numerator);
    denominator *= BigInt(ratio.denominator);
  }
  if (markupBasisPoints > 0) {
    numerator *= BASIS_POINTS + BigInt(markupBasisPoints);
    denominator *= BASIS_POINTS;
  }
  return (numerator + denominator - 1n) / denominator;
}

/**
 * Cost of one call by the table alone.
 *
 * @param atMs when the call was made, milliseconds since the Unix epoch
 */
export function costOf(price: ModelPrice, tokens: Tokens, atMs: number): Nano {
  const { rates, tiers = [] } = periodOn(price, dayOf(atMs));
  return chargeOf({ rates, tiers }, tokens);
}

export function inputTokensOf(tokens: Tokens): number {
  return BUCKETS.reduce(
    (sum, bucket) => (NOT_INPUT.has(bucket) ? sum : sum + (tokens[bucket] ?? 0)),
    0,
  );
}

export function outputTokensOf(tokens: Tokens): number {
  return OUTPUT.reduce((sum, bucket) => sum + (tokens[bucket] ?? 0), 0);
}

/** Pico-dollars, before any factor; what used nothing costs nothing. */
export function picoOf(rates: Rates, tokens: Tokens): bigint {
  const used = BUCKETS.filter((bucket) => (tokens[bucket] ?? 0) > 0);
  const fee = used.length > 0 ? BigInt(rates.call ?? 0) : 0n;
  return used.reduce(
    (sum, bucket) => sum + BigInt(tokens[bucket] ?? 0) * rateOf(rates, bucket),
    fee,
  );
}

export function rateOf(rates: Rates, bucket: Bucket): bigint {
  for (let name: Bucket | undefined = bucket; name !== undefined; name = FALLBACK[name]) {
    const rate = rates[name];
    if (rate !== undefined) return BigInt(rate);
  }
  return 0n;
}

function periodOn(price: ModelPrice, day: string): Period {
  const period =
    price.periods.findLast(({ from }) => from === undefined || from <= day) ?? price.periods[0];
  if (!period) throw new Error(`${price.provider}/${price.id} has no price`);
  return period;
}
