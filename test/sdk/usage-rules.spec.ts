import { calcPrice, extractUsage, findProvider, type Provider } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { PriceTable, type WirePriceTable } from '../../sdk/src/prices/price-table.js';
import { inputTokensOf, outputTokensOf, unitsOf } from '../../sdk/src/prices/usage.js';
import { usageRulesOf } from '../../sdk/src/usage/provider-usage.js';
import { foldUsage } from '../../sdk/src/usage/usage-reading.js';
import { compare } from '../eval/usage-comparison.js';

const table = JSON.parse(
  readFileSync(new URL('../../src/billing/prices/price-table.json', import.meta.url), 'utf8'),
) as WirePriceTable;
const prices = new PriceTable(table);
const providerIds = [...new Set(table.models.map(({ provider }) => provider))];
const oracles = providerIds.map((id) => findProvider({ providerId: id })!);
const RUNS = 8_000;

/** Every name that some extractor of the oracle looks at, so that random answers hit them. */
const names = [
  ...new Set(
    oracles
      .flatMap(({ extractors }) => extractors ?? [])
      .flatMap(({ mappings }) => mappings.flatMap(({ path }) => path))
      .filter((step) => typeof step === 'string'),
  ),
];
const leaf = fc.oneof(
  { weight: 60, arbitrary: fc.nat(5_000) },
  fc.constantFrom(null, -1, 'x', true, 0.5),
);
const modality = fc.record({
  modality: fc.constantFrom('TEXT', 'AUDIO', 'IMAGE', 'DOCUMENT', 'VIDEO', 'OTHER'),
  tokenCount: leaf,
});
const counts = fc.dictionary(
  fc.constantFrom(...names),
  fc.oneof(
    { weight: 5, arbitrary: leaf },
    { weight: 3, arbitrary: fc.dictionary(fc.constantFrom(...names), leaf, { maxKeys: 6 }) },
    { weight: 1, arbitrary: fc.array(modality, { maxLength: 4 }) },
  ),
  { maxKeys: 14 },
);
const totals = fc.oneof(
  fc.record({ prompt_tokens: fc.nat(9_000), completion_tokens: fc.nat(9_000) }),
  fc.record({ input_tokens: fc.nat(9_000), output_tokens: fc.nat(9_000) }),
  fc.record({ inputTokens: fc.nat(9_000), outputTokens: fc.nat(9_000) }),
  fc.record({ promptTokenCount: fc.nat(9_000), candidatesTokenCount: fc.nat(9_000) }),
);
const usage = fc.tuple(counts, totals).map(([parts, sums]) => ({ ...parts, ...sums }));
const body = fc.oneof(
  { weight: 8, arbitrary: fc.record({ usage, model: fc.constant('gpt-5-mini') }) },
  fc.record({ usageMetadata: usage, modelVersion: fc.constant('gemini-2.5-flash') }),
  fc.record({ usage: fc.record({ billed_units: usage, tokens: usage }) }),
  fc.record({ meta: fc.record({ billed_units: usage }) }),
  fc.record({ response: fc.record({ usage }), result: fc.record({ usage }) }),
  fc.record({ usage_info: usage, tokenUsage: usage }),
);

describe('usage rules', () => {
  it('read what an independent implementation reads, for every provider and language', () => {
    let told = 0;
    fc.assert(
      fc.property(fc.constantFrom(...oracles), body, (provider, answer) => {
        for (const { api_flavor: flavour } of provider.extractors ?? []) {
          const expected = readByOracle(provider, answer, flavour);
          const own = usageRulesOf(provider.id, flavour)?.read(answer);
          if (expected !== undefined) told += 1;
          expect(own === undefined).toBe(expected === undefined);
          if (own === undefined || expected === undefined) continue;
          const verdict = compare(
            {
              counts: own.counts,
              model: own.model,
              price: undefined,
              otherDays: [],
              doubt: undefined,
            },
            {
              usage: expected,
              inputPrice: undefined,
              outputPrice: undefined,
              totalPrice: undefined,
            },
          );
          expect({ provider: provider.id, flavour, wrong: verdict.wrong }).toEqual({
            provider: provider.id,
            flavour,
            wrong: [],
          });
        }
      }),
      { numRuns: RUNS, interruptAfterTimeLimit: 30_000 },
    );
    expect(told).toBeGreaterThan(1_000);
  });

  it('and fold into buckets that together are what was told, unless there is doubt', () => {
    fc.assert(
      fc.property(fc.constantFrom(...oracles), body, (provider, answer) => {
        for (const { api_flavor: flavour } of provider.extractors ?? []) {
          const reading = usageRulesOf(provider.id, flavour)?.read(answer);
          if (reading === undefined) continue;
          const { tokens, doubt } = foldUsage(reading);
          if (doubt !== undefined) continue;
          const units = unitsOf(tokens);
          const { input = 0, output = 0 } = reading.counts;
          const sum = inputTokensOf(tokens) + outputTokensOf(tokens);
          expect(Math.abs(sum - input - output)).toBeLessThan(8); // halves are rounded up
          expect(units.webSearches ?? 0).toBe(Math.ceil(reading.counts.webSearches ?? 0));
        }
      }),
      { numRuns: 5_000, interruptAfterTimeLimit: 20_000 },
    );
  });
});

describe('prices', () => {
  it('are those of an independent calculation for every model, to the pico-dollar', () => {
    let compared = 0;
    const wrong: string[] = [];
    for (const oracle of oracles) {
      for (const model of oracle.models) {
        for (const inputTokens of [1_000, 210_000, 600_000]) {
          if (!isPlain(model.prices)) continue;
          const answer = { input_tokens: inputTokens, output_tokens: 777 };
          const theirs = calcPrice(answer, model.id, { provider: oracle });
          if (!theirs) continue;
          const found = prices.find(oracle.id, model.id, Date.now());
          const own = found && decidePlain(oracle.id, model.id, inputTokens);
          compared += 1;
          const off = own === undefined ? Infinity : own - theirs.total_price;
          // A rate finer than a pico-dollar is rounded up.
          const isExact = off > -1e-12 && off <= (inputTokens + 778) * 1e-12;
          if (!isExact)
            wrong.push(`${oracle.id} ${model.id}: ${own ?? 'none'} not ${theirs.total_price}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(4_000);
  });
});

function decidePlain(provider: string, model: string, inputTokens: number): number | undefined {
  const found = prices.find(provider, model, Date.now());
  if (!found) return undefined;
  const tier = found.tiers.findLast((each) => inputTokens > each.aboveInputTokens);
  const { input, output, call } = tier?.rates ?? found.rates;
  return Number(BigInt(inputTokens) * input + 777n * output + call) / 1e12;
}

/** Units that are not tokens or calls, and prices by the hour, are not in the table. */
function isPlain(modelPrices: unknown): boolean {
  const list = Array.isArray(modelPrices) ? modelPrices : [];
  const text = JSON.stringify(modelPrices);
  const hasHours = list.some(
    ({ constraint }: { constraint?: { type: string } }) => constraint?.type === 'time_of_date',
  );
  return !hasHours && !/audio_hours|_kpages|messages/.test(text);
}

function readByOracle(
  provider: Provider,
  answer: unknown,
  flavour: string,
): Record<string, number> | undefined {
  try {
    const { usage: read } = extractUsage(provider, answer, flavour);
    return Object.fromEntries(Object.entries(read).map(([name, value]) => [name, value ?? 0]));
  } catch {
    return undefined;
  }
}
