import type { NanoUsd } from '../money/money.js';
import { compileMatch, type ModelMatch, type ModelPredicate } from './model-match.js';
import { BUCKETS, inputTokensOf, type Bucket, type TokenUsage } from './usage.js';

type WireRates = Partial<Record<Bucket, string>>;

export interface WirePriceTable {
  readonly version: string;
  readonly models: readonly WireModelPrice[];
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
    readonly tiers?: readonly { readonly aboveInputTokens: number; readonly rates: WireRates }[];
  }[];
}

/** Pico-dollars (10⁻¹² $) per token, one for every bucket. */
export type Rates = Readonly<Record<Bucket, bigint>>;

interface Period {
  readonly fromDay: string;
  readonly rates: Rates;
  /** Ascending by `aboveInputTokens`. */
  readonly tiers: readonly { readonly aboveInputTokens: number; readonly rates: Rates }[];
}

/** The price of one model at one moment. */
export interface ModelPrice {
  readonly id: string;
  readonly contextTokens: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly rates: Rates;
  readonly tiers: Period['tiers'];
}

interface Entry {
  readonly provider: string;
  readonly matches: ModelPredicate;
  readonly source: WireModelPrice;
  readonly periods: readonly Period[];
}

/** The server's price table, compiled once per version. */
export class PriceTable {
  readonly version: string;
  readonly #entries: readonly Entry[];
  readonly #found = new Map<string, Entry | null>();

  constructor(table: WirePriceTable) {
    this.version = table.version;
    this.#entries = table.models.map((source) => ({
      provider: source.provider,
      matches: compileMatch(source.match),
      source,
      periods: source.periods.map(compilePeriod),
    }));
  }

  /** @returns the price that applies at `wallMs`; `undefined` when the model has none. */
  find(provider: string, model: string, wallMs: number): ModelPrice | undefined {
    const entry = this.#entryOf(provider, model.toLowerCase());
    if (entry === null) return undefined;
    const day = new Date(wallMs).toISOString().slice(0, 10);
    const period = entry.periods.findLast(({ fromDay }) => fromDay <= day);
    if (period === undefined) return undefined;
    const { id, contextTokens, maxOutputTokens } = entry.source;
    return { id, contextTokens, maxOutputTokens, rates: period.rates, tiers: period.tiers };
  }

  #entryOf(provider: string, model: string): Entry | null {
    const name = `${provider}\n${model}`;
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const entry =
      this.#entries.find((each) => each.provider === provider && each.matches(model)) ?? null;
    if (this.#found.size >= 1_000) this.#found.clear();
    this.#found.set(name, entry);
    return entry;
  }
}

/** `ceil(Σ tokens × rate / 1000)` nano-dollars: one rounding for the whole call. */
export function costOf(price: ModelPrice, usage: TokenUsage): NanoUsd {
  return costAt(ratesFor(price, inputTokensOf(usage)), usage);
}

/** The rates of the highest tier that `inputTokens` exceeds. */
export function ratesFor(price: ModelPrice, inputTokens: number): Rates {
  const tier = price.tiers.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
  return tier?.rates ?? price.rates;
}

export function costAt(rates: Rates, usage: TokenUsage): NanoUsd {
  let pico = 0n;
  for (const bucket of BUCKETS) {
    if (usage[bucket] > 0) pico += BigInt(usage[bucket]) * rates[bucket];
  }
  return (pico + 999n) / 1_000n;
}

function compilePeriod(period: WireModelPrice['periods'][number]): Period {
  return {
    fromDay: period.from ?? '',
    rates: completeRates(period.rates),
    tiers: [...(period.tiers ?? [])]
      .sort((first, second) => first.aboveInputTokens - second.aboveInputTokens)
      .map(({ aboveInputTokens, rates }) => ({ aboveInputTokens, rates: completeRates(rates) })),
  };
}

/** Buckets without a rate of their own cost what the protocol says they cost. */
function completeRates(rates: WireRates): Rates {
  const rate = (bucket: Bucket, otherwise: bigint): bigint => {
    const text = rates[bucket];
    return text === undefined ? otherwise : BigInt(text);
  };
  const input = rate('input', 0n);
  const output = rate('output', 0n);
  const cacheWrite5m = rate('cacheWrite5m', input);
  return {
    input,
    output,
    cacheRead: rate('cacheRead', input),
    cacheWrite5m,
    cacheWrite1h: rate('cacheWrite1h', cacheWrite5m),
    audioInput: rate('audioInput', input),
    audioOutput: rate('audioOutput', output),
  };
}
