import { readFileSync } from 'node:fs';
import { calcPrice } from '@pydantic/genai-prices';
import fc from 'fast-check';
import * as sdk from '../../../sdk/src/prices/price-table.js';
import { canonicalJson as sdkCanonicalJson } from '../../../sdk/src/prices/signed-prices.js';
import { affordableOutput, worstCost } from '../../../sdk/src/prices/worst-case.js';
import { matchesGlob } from '../../../src/billing/domain/budgets.js';
import {
  BUCKETS,
  chargeOf,
  costOf,
  dayOf,
  findModel,
  inputTokensOf,
  matches,
  multipliersFor,
  picoOf,
  priceOn,
  type PriceTable,
  ratesFor,
  type Tokens,
} from '../../../src/billing/domain/pricing.js';
import { canonicalJson } from '../../../src/billing/prices/canonical.js';
import { matchOfGlob } from '../../../src/billing/prices/model-glob.js';
import { perMillionOf, ratesOf } from '../../../src/billing/prices/rates-per-million.js';

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

const MODIFIERS = ['service_tier:priority', 'service_tier:flex', 'inference_geo:us', 'speed:fast'];
const NAMES = ['alpha', 'alpha-2', 'beta', 'Gamma-MINI', 'delta/x.1', 'unheard-of'];
const DAYS = ['2025-01-01', '2026-02-28', '2026-03-01', '2026-11-23', '2027-01-01'];

const rate = fc.bigInt(0n, 200_000_000n).map(String);
const rates = fc.record(
  Object.fromEntries(BUCKETS.map((bucket) => [bucket, rate])) as Record<
    (typeof BUCKETS)[number],
    typeof rate
  >,
  { requiredKeys: [] },
);
const tokenCount = fc.oneof(fc.nat(9), fc.nat(300_000), fc.nat(1_000_000_000));
const someTokens = fc.record(
  Object.fromEntries(BUCKETS.map((bucket) => [bucket, tokenCount])) as Record<
    (typeof BUCKETS)[number],
    typeof tokenCount
  >,
);
const name = fc.constantFrom(...NAMES.map((each) => each.toLowerCase()));
const match = fc.oneof(
  name.map((equals) => ({ equals })),
  name.map((text) => ({ starts_with: text.slice(0, 3) })),
  name.map((text) => ({ regex: `^${text.replace(/[/.]/g, '\\$&')}.*$` })),
  fc
    .array(
      name.map((contains) => ({ contains })),
      { maxLength: 3 },
    )
    .map((or) => ({ or })),
);
const provider = fc.constantFrom('p', 'q');
// Each threshold once, as the price table has it and as own rates must have it.
const tiers = fc.uniqueArray(fc.record({ aboveInputTokens: fc.nat(400_000), rates }), {
  maxLength: 3,
  selector: ({ aboveInputTokens }) => aboveInputTokens,
});
const period = (from: string | undefined) =>
  fc.record({ rates, tiers }).map((each) => ({ ...each, ...(from !== undefined && { from }) }));
const model = fc.tuple(fc.subarray(DAYS, { minLength: 1 }), fc.boolean()).chain(([days, since]) =>
  fc.record({
    provider,
    id: name,
    match,
    periods: fc.tuple(...(since ? [period(undefined)] : []), ...days.map((day) => period(day))),
  }),
);
const multiplier = fc
  .record({
    provider,
    modifier: fc.constantFrom(...MODIFIERS),
    numerator: fc.integer({ min: 0, max: 60 }),
    denominator: fc.integer({ min: 1, max: 12 }),
    match: fc.option(match, { nil: undefined }),
  })
  .map(({ match: rule, ...rest }) => ({ ...rest, ...(rule && { match: rule }) }));
const override = fc
  .record({
    id: fc.uuid(),
    provider,
    match,
    from: fc.constantFrom(...DAYS),
    until: fc.option(fc.constantFrom('2026-11-23', '2028-01-01'), { nil: undefined }),
    rates,
    tiers,
  })
  .map(({ until, ...rest }) => ({ ...rest, ...(until !== undefined && { until }) }));
const anyTable = fc
  .record({
    version: fc.constant('v'),
    models: fc.array(model, { maxLength: 6 }),
    multipliers: fc.array(multiplier, { maxLength: 6 }),
    overrides: fc.array(override, { maxLength: 4 }),
    markupBasisPoints: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100_000 })),
    ceiling: fc.option(rates, { nil: undefined }),
  })
  .map(({ ceiling, ...rest }) => ({ ...rest, ...(ceiling && { ceiling }) }));
const anyCall = fc.record({
  provider,
  model: fc.constantFrom(...NAMES),
  tokens: someTokens,
  modifiers: fc.array(fc.constantFrom(...MODIFIERS, 'unknown:word'), { maxLength: 4 }),
  atMs: fc.constantFrom(...DAYS.map((day) => Date.parse(`${day}T12:00:00Z`))),
});

describe('the server and the SDK', () => {
  it('price any call by any table alike, to the nano-dollar', () => {
    const sources = new Set<string>();
    fc.assert(
      fc.property(anyTable, anyCall, (prices, call) => {
        const price = priceOn(prices, call.provider, call.model, dayOf(call.atMs));
        const theirs = new sdk.PriceTable(prices).find(call.provider, call.model, call.atMs);
        sources.add(price?.source ?? 'none');
        expect(theirs?.source).toBe(price?.source);
        if (!price || !theirs) return;
        const multipliers = multipliersFor(prices, call.provider, call.model, call.modifiers);
        const { markupBasisPoints } = prices;
        const ours = chargeOf(price, call.tokens, { multipliers, markupBasisPoints });
        expect(sdk.costOf(theirs, call.tokens, call.modifiers)).toBe(ours);
        const known = sdk.knownModifiers(theirs, call.modifiers);
        expect(sdk.costOf(theirs, call.tokens, known)).toBe(ours);
      }),
      { numRuns: 3_000 },
    );
    expect([...sources].sort()).toEqual(['ceiling', 'none', 'override', 'table']);
  });

  it('agree on every model of the shipped table', () => {
    const theirs = new sdk.PriceTable(table);
    for (const { provider: from, id } of table.models) {
      const price = priceOn(table, from, id, dayOf(NOW));
      const tokens = { ...NONE, input: 250_001, cacheRead: 3, cacheWrite1h: 5, output: 7 };
      const found = theirs.find(from, id, NOW);
      expect(price && chargeOf(price, tokens)).toBe(found && sdk.costOf(found, tokens));
    }
  });

  it('write the same canonical bytes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(sdkCanonicalJson(value)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson({ b: [1, { d: 'é', c: null }], a: true, gone: undefined })).toBe(
      '{"a":true,"b":[1,{"c":null,"d":"é"}]}',
    );
  });
});

describe('a charge', () => {
  it('is the smallest whole number of nano-dollars that covers the exact cost', () => {
    fc.assert(
      fc.property(anyTable, anyCall, (prices, call) => {
        const price = priceOn(prices, call.provider, call.model, dayOf(call.atMs));
        if (!price) return;
        const multipliers = multipliersFor(prices, call.provider, call.model, call.modifiers);
        const { markupBasisPoints } = prices;
        const charge = chargeOf(price, call.tokens, { multipliers, markupBasisPoints });
        // The exact cost is top / bottom nano-dollars; its parts, by bucket, sum to the whole.
        const chosen = ratesFor(price, inputTokensOf(call.tokens));
        const parts = BUCKETS.map((bucket) =>
          picoOf(chosen, { ...NONE, [bucket]: call.tokens[bucket] }),
        );
        let top = parts.reduce((sum, part) => sum + part, 0n);
        expect(top).toBe(picoOf(chosen, call.tokens));
        let bottom = 1_000n;
        for (const factor of [
          ...multipliers,
          { numerator: 10_000 + markupBasisPoints, denominator: 10_000 },
        ]) {
          top *= BigInt(factor.numerator);
          bottom *= BigInt(factor.denominator);
        }
        expect(charge * bottom >= top && (charge - 1n) * bottom < top).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of one call is at most that of its parts, and they round up by less than one each', () => {
    fc.assert(
      fc.property(rates, someTokens, someTokens, fc.nat(100_000), (own, a, b, markup) => {
        const price = { rates: own, tiers: [] };
        const charge = (tokens: Tokens) => chargeOf(price, tokens, { markupBasisPoints: markup });
        const whole = Object.fromEntries(
          BUCKETS.map((bucket) => [bucket, a[bucket] + b[bucket]]),
        ) as Tokens;
        const parts = charge(a) + charge(b);
        expect(parts - charge(whole) === 0n || parts - charge(whole) === 1n).toBe(true);
      }),
    );
  });

  it.each([
    ['service_tier:priority', 'openai', 'gpt-5-mini', 500_000n],
    ['service_tier:flex', 'openai', 'gpt-5-mini', 125_000n],
    ['service_tier:batch', 'anthropic', 'claude-haiku-4-5', 500_000n],
    ['inference_geo:us', 'anthropic', 'claude-opus-4-6', 5_500_000n],
    ['speed:fast', 'anthropic', 'claude-opus-4-6', 30_000_000n],
    ['speed:fast', 'openai', 'gpt-5-mini', 250_000n],
  ])('%s of %s %s', (modifier, from, id, nano) => {
    const price = priceOn(table, from, id, dayOf(NOW));
    const multipliers = multipliersFor(table, from, id, [modifier, modifier]);
    expect(price && chargeOf(price, { ...NONE, input: 1_000 }, { multipliers })).toBe(nano);
  });

  it('carries the mark-up inside the one rounding', () => {
    const price = { rates: { input: '300' }, tiers: [] };
    expect(chargeOf(price, { ...NONE, input: 3 }, { markupBasisPoints: 1_000 })).toBe(1n); // 990 pico
    expect(chargeOf(price, { ...NONE, input: 4 }, { markupBasisPoints: 1_000 })).toBe(2n); // 1,320 pico
  });

  it('bounds a call from above: what the SDK sets aside pays for every output within it', () => {
    fc.assert(
      fc.property(
        anyTable,
        anyCall,
        fc.nat(1_000_000),
        fc.bigInt(0n, 10n ** 12n),
        fc.constantFrom({}, { audioSeconds: 30 }, { webSearches: 2, searchUnits: 1 }),
        (prices, call, most, amount, units) => {
          const price = new sdk.PriceTable(prices).find(call.provider, call.model, call.atMs);
          if (!price) return;
          const bound = {
            inputTokens: call.tokens.input,
            outputTokens: most,
            inputBuckets: ['input'] as const,
            outputBuckets: ['output'] as const,
            units,
          };
          const used = { ...NONE, ...units, input: bound.inputTokens, output: most };
          expect(sdk.costOf(price, used) <= worstCost(price, bound)).toBe(true);
          const fits = affordableOutput(price, bound, amount);
          if (fits < 0) return;
          const output = Math.min(fits, 1_000_000_000);
          expect(sdk.costOf(price, { ...used, output }) <= amount).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('rules that people write', () => {
  it.each(['gpt-5-mini', 'gpt-5*', '*-mini', 'g*5*i', '*', '**', '*5*', 'a.b*', 'x/y:z*1'])(
    'the glob %s means the same to agents as to budgets',
    (glob) => {
      const rule = matchOfGlob(glob);
      for (const text of ['gpt-5-mini', 'gpt-5', 'gpt-4', 'a.b-c', 'aXb', 'x/y:z-1', 'x/y:z-2'])
        expect([text, matches(rule, text)]).toEqual([text, matchesGlob(glob, text)]);
    },
  );

  it('rates per million tokens go there and back', () => {
    const perMillion = { input: 250_000_000n, output: 1_000n, cacheRead: 0n };
    expect(ratesOf(perMillion)).toEqual({ input: '250000', cacheRead: '0', output: '1' });
    expect(perMillionOf(ratesOf(perMillion))).toEqual(perMillion);
  });
});
