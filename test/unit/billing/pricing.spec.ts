import { readFileSync } from 'node:fs';
import { calcPrice } from '@pydantic/genai-prices';
import fc from 'fast-check';
import {
  costOf,
  findModel,
  type PriceTable,
  type Tokens,
} from '../../../src/billing/domain/pricing.js';

const table = JSON.parse(
  readFileSync(new URL('../../../src/billing/prices/price-table.json', import.meta.url), 'utf8'),
) as PriceTable;
const NONE: Tokens = {
  input: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 0,
  audioInput: 0,
  audioOutput: 0,
};
const NOW = Date.parse('2026-11-23T12:00:00Z');

const cost = (
  provider: string,
  model: string,
  tokens: Partial<Tokens>,
  at = NOW,
): bigint | undefined => {
  const entry = findModel(table, provider, model);
  return entry && costOf(entry, { ...NONE, ...tokens }, at);
};

describe('what a call costs', () => {
  it.each([
    ['openai', 'gpt-5-mini', { input: 1_000_000 }, 250_000_000n],
    ['openai', 'gpt-5-mini-2025-08-07', { output: 1 }, 2_000n],
    ['openai', 'GPT-5-Mini', { cacheRead: 1 }, 25n],
    [
      'anthropic',
      'claude-sonnet-4-5-20250929',
      { cacheWrite1h: 1_000, cacheWrite5m: 1_000 },
      9_750_000n,
    ],
    // Above 200,000 input tokens, cached ones included, the whole call costs the higher rates.
    [
      'anthropic',
      'claude-sonnet-4-5',
      { input: 100_000, cacheRead: 100_000, output: 1_000 },
      345_000_000n,
    ],
    [
      'anthropic',
      'claude-sonnet-4-5',
      { input: 100_001, cacheRead: 100_000, output: 1_000 },
      682_506_000n,
    ],
    ['anthropic', 'claude-haiku-4-5', {}, 0n],
  ])('%s %s %j', (provider, model, tokens, nano) => {
    expect(cost(provider, model, tokens)).toBe(nano);
  });

  it('is rounded up once, not once per bucket', () => {
    // 25 pico-dollars a cached token: seven of them are 175,000 pico, that is 175 nano-dollars exactly.
    expect(cost('openai', 'gpt-5-mini', { cacheRead: 7 })).toBe(175n);
    const tiny = {
      version: 'x',
      models: [
        {
          provider: 'p',
          id: 'm',
          match: { equals: 'm' },
          periods: [{ rates: { input: '300', output: '300' } }],
        },
      ],
    };
    const entry = findModel(tiny, 'p', 'm');
    if (!entry) throw new Error('no entry');
    expect(costOf(entry, { ...NONE, input: 1, output: 1 }, NOW)).toBe(1n);
    expect(costOf(entry, { ...NONE, input: 2, output: 2 }, NOW)).toBe(2n);
  });

  it('follows the day on which a price came into force', () => {
    // The higher tier of this model ended on 13 March 2026.
    const long = { input: 300_000 };
    expect(cost('anthropic', 'claude-sonnet-4-6', long, Date.parse('2026-03-12T23:59:59Z'))).toBe(
      1_800_000_000n,
    );
    expect(cost('anthropic', 'claude-sonnet-4-6', long, Date.parse('2026-03-13T00:00:00Z'))).toBe(
      900_000_000n,
    );
  });

  it('is unknown for a model that nobody has heard of', () => {
    expect(cost('openai', 'gpt-99')).toBeUndefined();
    expect(cost('nobody', 'gpt-5-mini')).toBeUndefined();
    function cost(provider: string, model: string) {
      return findModel(table, provider, model);
    }
  });

  it('agrees with the package that the table was made from, for any model and usage', () => {
    const seen = { compared: 0 };
    const tokens = fc.record({
      input: fc.nat(400_000),
      cacheRead: fc.nat(300_000),
      output: fc.nat(100_000),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(
          ...table.models.filter(
            ({ provider }) =>
              provider === 'openai' || provider === 'anthropic' || provider === 'google',
          ),
        ),
        tokens,
        (model, usage) => {
          const oracle = calcPrice(
            {
              input_tokens: usage.input + usage.cacheRead,
              cache_read_tokens: usage.cacheRead,
              output_tokens: usage.output,
            },
            model.id,
            { providerId: model.provider, timestamp: new Date(NOW) },
          );
          const ours = cost(model.provider, model.id, usage);
          if (oracle?.model.id !== model.id || ours === undefined) return;
          seen.compared++;
          // The package counts in floating point; ours is exact and rounded up to a nano-dollar.
          expect(Math.abs(Number(ours) / 1e9 - oracle.total_price)).toBeLessThan(
            2e-9 + oracle.total_price * 1e-9,
          );
        },
      ),
      { numRuns: 500 },
    );
    expect(seen.compared).toBeGreaterThan(300);
  });
});
