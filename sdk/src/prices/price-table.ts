import type { NanoUsd } from '../money/money.js';
import {
  compileMatch,
  globPredicate,
  type ModelMatch,
  type ModelPredicate,
} from './model-match.js';
import { ratioOf, times, whole, type Ratio, type WireRatio } from './ratio.js';
import {
  BUCKETS,
  inputTokensOf,
  UNIT_BUCKETS,
  type Bucket,
  type TokenUsage,
  type UnitBucket,
} from './usage.js';

/** `call` is what each call costs beside its tokens. */
type PricedUnit = Bucket | 'call';
export type WireRates = Partial<Record<PricedUnit, string>>;

/** The prices of one project; everything but version and models may be absent. */
export interface WirePriceTable {
  readonly version: string;
  readonly models: readonly WireModelPrice[];
  readonly multipliers?: readonly WireMultiplier[];
  readonly overrides?: readonly WireOverride[];
  readonly markupBasisPoints?: number;
  readonly ceiling?: WireRates;
}

export interface WireMultiplier extends WireRatio {
  readonly provider: string;
  readonly modifier: string;
  readonly match?: ModelMatch;
}

export interface WireOverride {
  readonly id: string;
  readonly provider: string;
  readonly match: ModelMatch;
  readonly from: string;
  readonly until?: string;
  readonly rates: WireRates;
  readonly tiers?: readonly WireTier[];
}

interface WireTier {
  readonly aboveInputTokens: number;
  readonly rates: WireRates;
}

export interface WireModelPrice {
  readonly provider: string;
  readonly id: string;
  readonly match: ModelMatch;
  readonly contextTokens?: number;
  readonly maxOutputTokens?: number;
  readonly periods: readonly {
    readonly from?: string;
    readonly rates: WireRates;
    readonly tiers?: readonly WireTier[];
  }[];
}

/** Pico-dollars (10⁻¹² $) per token (per unit, per call), one for every bucket. */
export type Rates = Readonly<Record<PricedUnit, bigint>>;

type UnitRates = Record<UnitBucket, bigint>;

interface Period {
  readonly fromDay: string;
  readonly rates: Rates;
  /** Ascending by `aboveInputTokens`. */
  readonly tiers: readonly { readonly aboveInputTokens: number; readonly rates: Rates }[];
}

/** The price of one model at one moment. */
export interface ModelPrice {
  readonly id: string;
  readonly source: 'override' | 'table' | 'ceiling';
  readonly contextTokens: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly rates: Rates;
  readonly tiers: Period['tiers'];
  /** What every cost is multiplied with: the project's mark-up. */
  readonly markup: Ratio;
  /** What a way of serving the call makes of its cost, by its name in a usage record. */
  readonly multipliers: ReadonlyMap<string, Ratio>;
}

interface Entry {
  readonly provider: string;
  readonly matches: ModelPredicate;
  readonly source: WireModelPrice;
  readonly periods: readonly Period[];
}

interface Override extends Omit<WireOverride, 'match' | 'rates' | 'tiers'> {
  readonly matches: ModelPredicate;
  readonly rates: Rates;
  readonly tiers: Period['tiers'];
}

interface Multiplier {
  readonly provider: string;
  readonly modifier: string;
  readonly matches: ModelPredicate;
  readonly ratio: Ratio;
}

/** All that does not depend on the day. */
interface Found {
  readonly entry: Entry | undefined;
  readonly overrides: readonly Override[];
  readonly multipliers: ReadonlyMap<string, Ratio>;
}

const BASIS_POINTS = 10_000;
const DAY_MS = 86_400_000;
const PICO_PER_NANO = 1_000n;

/** The server's price table, compiled once per version. */
export class PriceTable {
  readonly version: string;
  readonly #entries: readonly Entry[];
  readonly #overrides: readonly Override[];
  readonly #multipliers: readonly Multiplier[];
  readonly #markup: Ratio;
  readonly #ceiling: Rates | undefined;
  readonly #found = new Map<string, Found>();
  readonly #allowed: readonly ModelPredicate[];
  #dayNumber = Number.NaN;
  #day = '';

  /** @param allowed globs of the models that may be called at all; none: every model */
  constructor(table: WirePriceTable, allowed: readonly string[] = []) {
    this.version = table.version;
    this.#allowed = allowed.map(globPredicate);
    this.#overrides = (table.overrides ?? []).map(({ match, rates, tiers, ...rest }) => ({
      ...rest,
      matches: compileMatch(match),
      rates: completeRates(rates),
      tiers: compileTiers(tiers),
    }));
    this.#multipliers = (table.multipliers ?? []).map((rule) => ({
      provider: rule.provider,
      modifier: rule.modifier,
      matches: rule.match === undefined ? () => true : compileMatch(rule.match),
      ratio: ratioOf(rule),
    }));
    this.#markup = ratioOf({
      numerator: BASIS_POINTS + (table.markupBasisPoints ?? 0),
      denominator: BASIS_POINTS,
    });
    this.#ceiling = table.ceiling === undefined ? undefined : completeRates(table.ceiling);
    this.#entries = table.models.map((source) => ({
      provider: source.provider,
      matches: compileMatch(source.match),
      source,
      periods: source.periods.map(compilePeriod),
    }));
  }

  /** Whether the key may be used for this model. */
  allows(model: string): boolean {
    const name = model.trim().toLowerCase();
    return this.#allowed.length === 0 || this.#allowed.some((matches) => matches(name));
  }

  /** @returns the price that applies at `wallMs`; `undefined` when the model has none. */
  find(provider: string, model: string, wallMs: number): ModelPrice | undefined {
    const { entry, overrides, multipliers } = this.#look(provider, model.trim().toLowerCase());
    const day = this.#dayOf(wallMs);
    const override = overrides.find(
      ({ from, until }) => from <= day && (until === undefined || day < until),
    );
    const period = entry?.periods.findLast(({ fromDay }) => fromDay <= day) ?? entry?.periods.at(0);
    const common = {
      id: override?.id ?? entry?.source.id ?? model,
      contextTokens: entry?.source.contextTokens,
      maxOutputTokens: entry?.source.maxOutputTokens,
      markup: this.#markup,
      multipliers,
    };
    if (override !== undefined) {
      const { rates, tiers } = override;
      return { ...common, source: 'override', rates, tiers };
    }
    if (period !== undefined) {
      return { ...common, source: 'table', rates: period.rates, tiers: period.tiers };
    }
    if (this.#ceiling === undefined) return undefined;
    return { ...common, source: 'ceiling', rates: this.#ceiling, tiers: [] };
  }

  /** `2026-01-31`, in UTC; that of the last call is remembered. */
  #dayOf(wallMs: number): string {
    const number = Math.floor(wallMs / DAY_MS);
    if (number !== this.#dayNumber) {
      this.#day = new Date(wallMs).toISOString().slice(0, 10);
      this.#dayNumber = number;
    }
    return this.#day;
  }

  #look(provider: string, model: string): Found {
    const name = `${provider}\n${model}`;
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const fitsAs =
      (wanted: string) =>
      (rule: { provider: string; matches: ModelPredicate }): boolean =>
        rule.provider === provider && rule.matches(wanted);
    const fits = fitsAs(model);
    const multipliers = new Map<string, Ratio>();
    for (const rule of this.#multipliers) {
      if (fits(rule) && !multipliers.has(rule.modifier)) multipliers.set(rule.modifier, rule.ratio);
    }
    const overrides = this.#overrides.filter(fits);
    const entry = this.#entries.find(fits) ?? this.#entries.find(fitsAs(withDashedDate(model)));
    const found = { entry, overrides, multipliers };
    if (this.#found.size >= 1_000) this.#found.clear();
    this.#found.set(name, found);
    return found;
  }
}

/**
 * `ceil(Σ tokens × rate × multipliers × mark-up / 1000)` nano-dollars: one rounding for the whole
 * call.
 * @param modifiers how the call was served; names without a multiplier change nothing
 */
export function costOf(
  price: ModelPrice,
  usage: TokenUsage,
  modifiers: readonly string[] = [],
): NanoUsd {
  const factors = [...new Set(modifiers)].map((name) => price.multipliers.get(name) ?? whole);
  const rates = ratesFor(price, inputTokensOf(usage));
  return costAt(rates, usage, times(price.markup, ...factors));
}

/** Those of a call's modifiers that change its price; a server knows them, since its table does. */
export function knownModifiers(price: ModelPrice, modifiers: readonly string[]): string[] {
  return [...new Set(modifiers)].filter((name) => price.multipliers.has(name));
}

/** The rates of the highest tier that `inputTokens` exceeds. */
export function ratesFor(price: ModelPrice, inputTokens: number): Rates {
  const tier = price.tiers.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
  return tier?.rates ?? price.rates;
}

/** What a usage costs at these rates; one that is empty costs nothing. */
export function costAt(rates: Rates, usage: TokenUsage, factor: Ratio = whole): NanoUsd {
  const divisor = PICO_PER_NANO * factor.denominator;
  return (picoAt(rates, usage) * factor.numerator + divisor - 1n) / divisor;
}

/** As {@link costAt}, exact, before any factor, in pico-dollars. */
export function picoAt(rates: Rates, usage: TokenUsage): bigint {
  let pico = 0n;
  let isUsed = false;
  for (const bucket of BUCKETS) {
    const count = usage[bucket] ?? 0;
    if (count <= 0) continue;
    isUsed = true;
    pico += BigInt(count) * rates[bucket];
  }
  return isUsed ? pico + rates.call : pico;
}

function compilePeriod(period: WireModelPrice['periods'][number]): Period {
  return {
    fromDay: period.from ?? '',
    rates: completeRates(period.rates),
    tiers: compileTiers(period.tiers),
  };
}

function compileTiers(tiers: readonly WireTier[] = []): Period['tiers'] {
  return [...tiers]
    .sort((first, second) => first.aboveInputTokens - second.aboveInputTokens)
    .map(({ aboveInputTokens, rates }) => ({ aboveInputTokens, rates: completeRates(rates) }));
}

/** Buckets without a rate of their own cost what the protocol says they cost. */
function completeRates(rates: WireRates): Rates {
  const rate = (unit: PricedUnit, otherwise: bigint): bigint => {
    const text = rates[unit];
    return text === undefined ? otherwise : BigInt(text);
  };
  const input = rate('input', 0n);
  const units = Object.fromEntries(UNIT_BUCKETS.map((unit) => [unit, rate(unit, 0n)])) as UnitRates;
  const output = rate('output', 0n);
  const cacheRead = rate('cacheRead', input);
  const cacheWrite5m = rate('cacheWrite5m', input);
  return {
    input,
    output,
    cacheRead,
    cacheWrite5m,
    cacheWrite1h: rate('cacheWrite1h', cacheWrite5m),
    audioInput: rate('audioInput', input),
    audioOutput: rate('audioOutput', output),
    imageInput: rate('imageInput', input),
    videoInput: rate('videoInput', input),
    audioCacheRead: rate('audioCacheRead', cacheRead),
    imageCacheRead: rate('imageCacheRead', cacheRead),
    imageOutput: rate('imageOutput', output),
    videoOutput: rate('videoOutput', output),
    ...units,
    call: rate('call', 0n),
  };
}

/** `model-20250929` as `model-2025-09-29`: some providers write the dates of their models so. */
function withDashedDate(model: string): string {
  return model.replace(/-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g, '-$1-$2-$3');
}
