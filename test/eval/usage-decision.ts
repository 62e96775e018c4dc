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
  /** Why there is no price, where that is not for want of one. */
  readonly doubt: string | undefined;
}

/** The table that a server ships: what every project starts with. */
export function shippedPrices(): PriceTable {
  const file = new URL('../../src/billing/prices/price-table.json', import.meta.url);
  return new PriceTable(JSON.parse(readFileSync(file, 'utf8')) as WirePriceTable);
}

/**
 * Reads and prices one answer as the SDK does. It is given the answer and the names of the extractor, nothing else.
 *
 * @returns undefined when that language tells no usage in this answer
 */
export function decide(
  prices: PriceTable,
  question: { body: unknown; provider: string; flavour: string; atMs: number },
): Decision | undefined {
  const reading = usageRulesOf(question.provider, question.flavour)?.read(question.body);
  if (!reading) return undefined;
  const { counts, model } = reading;
  const found =
    model === undefined ? undefined : prices.find(question.provider, model, question.atMs);
  // Every extractor is asked about every answer, also of providers that add up differently: only the
  // parts are checked here. A call of one's own is also checked against the provider's total.
  const { tokens, doubt } = foldUsage({ ...reading, total: undefined });
  const price = found && doubt === undefined ? priceOf(found, tokens) : undefined;
  return { counts, model, price, doubt: doubt?.reason };
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
