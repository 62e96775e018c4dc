import { readFileSync } from 'node:fs';
import { type ModelPrice, PriceTable, picoAt, ratesFor } from '../../sdk/src/prices/price-table.js';
import type { WirePriceTable } from '../../sdk/src/prices/price-table.js';
import {
  type Bucket,
  INPUT_BUCKETS,
  inputTokensOf,
  OUTPUT_BUCKETS,
  type TokenUsage,
  tokenUsage,
} from '../../sdk/src/prices/usage.js';
import { usageRulesOf } from '../../sdk/src/usage/provider-usage.js';
import { type CountName, foldUsage } from '../../sdk/src/usage/usage-reading.js';

/** Exact, in pico-dollars (10⁻¹² $). */
export interface DecidedPrice {
  readonly input: bigint;
  readonly output: bigint;
  readonly total: bigint;
}

/** What the SDK makes of an answer. */
export interface Decision {
  readonly counts: Readonly<Partial<Record<CountName, number>>>;
  readonly model: string | undefined;
  readonly price: DecidedPrice | undefined;
  /** What it would have cost on other days of the price table: providers change their prices. */
  readonly otherDays: readonly DecidedPrice[];
  /** Why there is no price, where that is not for want of one. */
  readonly doubt: string | undefined;
}

/** One answer, and the names of the extractor that is to read it. */
export interface Question {
  readonly body: unknown;
  readonly provider: string;
  readonly flavour: string;
}

/** The table that a server ships: what every project starts with. */
export function shippedPrices(): PriceTable {
  return new PriceTable(shippedTable());
}

function shippedTable(): WirePriceTable {
  const file = new URL('../../src/billing/prices/price-table.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as WirePriceTable;
}

/** Reads and prices every answer; whatever else is known about it is not looked at. */
export function decideAll(
  questions: readonly Question[],
  atMs: number,
): readonly (Decision | undefined)[] {
  const prices = shippedPrices();
  const days = changesOf(shippedTable());
  return questions.map(({ body, provider, flavour }) =>
    decide(prices, { body, provider, flavour, atMs, otherMs: days.get(provider) ?? [] }),
  );
}

/** The days on which each provider changed a price, and one before all of them. */
function changesOf({ models }: WirePriceTable): ReadonlyMap<string, readonly number[]> {
  const days = new Map<string, Set<number>>();
  for (const { provider, periods } of models) {
    const known = days.get(provider) ?? new Set([0]);
    days.set(provider, known);
    for (const { from } of periods) if (from !== undefined) known.add(Date.parse(from));
  }
  return new Map([...days].map(([provider, known]) => [provider, [...known]]));
}

/**
 * Reads and prices one answer as the SDK does. It is given the answer and the names of the extractor, nothing else.
 *
 * @returns undefined when that language tells no usage in this answer
 */
export function decide(
  prices: PriceTable,
  question: Question & { readonly atMs: number; readonly otherMs?: readonly number[] },
): Decision | undefined {
  const reading = usageRulesOf(question.provider, question.flavour)?.read(question.body);
  if (!reading) return undefined;
  const { counts, model } = reading;
  // Every extractor is asked about every answer, also of providers that add up differently: only the
  // parts are checked here. A call of one's own is also checked against the provider's total.
  const { tokens, doubt } = foldUsage({ ...reading, total: undefined });
  const priceAt = (ms: number): DecidedPrice | undefined => {
    const found = model === undefined ? undefined : prices.find(question.provider, model, ms);
    return found && doubt === undefined ? priceOf(found, tokens) : undefined;
  };
  return {
    counts,
    model,
    price: priceAt(question.atMs),
    otherDays: (question.otherMs ?? []).flatMap((ms) => priceAt(ms) ?? []),
    doubt: doubt?.reason,
  };
}

function priceOf(price: ModelPrice, tokens: TokenUsage): DecidedPrice {
  const rates = ratesFor(price, inputTokensOf(tokens));
  const withoutFee = { ...rates, call: 0n };
  const part = (buckets: readonly Bucket[]): bigint =>
    picoAt(
      withoutFee,
      tokenUsage(Object.fromEntries(buckets.map((bucket) => [bucket, tokens[bucket] ?? 0]))),
    );
  return { input: part(INPUT_BUCKETS), output: part(OUTPUT_BUCKETS), total: picoAt(rates, tokens) };
}
