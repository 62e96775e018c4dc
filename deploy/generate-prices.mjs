// Writes src/billing/prices/price-table.json from @pydantic/genai-prices (MIT).
//
//   node deploy/generate-prices.mjs [LIMITS.json]
//
// LIMITS.json gives the output limits that the package lacks, in the form { models: { "<provider>/<model>": { context, output } } };
// without it the limits of the table that is already there are kept.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { findProvider } from '@pydantic/genai-prices';

const target = new URL('../src/billing/prices/price-table.json', import.meta.url);
const PROVIDERS = [
  'openai',
  'anthropic',
  'google',
  'mistral',
  'groq',
  'deepseek',
  'x-ai',
  'cohere',
  'openrouter',
  'together',
  'fireworks',
  'perplexity',
  'cerebras',
  'moonshotai',
  'azure',
];
const LIMIT_NAMES = {
  'x-ai': ['xai'],
  azure: ['openai'],
  together: [],
  fireworks: [],
  openrouter: [],
};
const BUCKETS = {
  input_mtok: 'input',
  cache_read_mtok: 'cacheRead',
  cache_write_mtok: 'cacheWrite5m',
  cache_write_1h_mtok: 'cacheWrite1h',
  output_mtok: 'output',
  input_audio_mtok: 'audioInput',
  output_audio_mtok: 'audioOutput',
};

/**
 * What a way of serving a call makes of its price; the package knows only the standard one. The first rule of a provider and modifier
 * that fits the model counts: a model with another factor gets a rule of its own, with a `match`, before the provider's.
 */
const MULTIPLIERS = [
  { provider: 'openai', modifier: 'service_tier:priority', numerator: 2, denominator: 1 },
  { provider: 'openai', modifier: 'service_tier:flex', numerator: 1, denominator: 2 },
  { provider: 'openai', modifier: 'service_tier:batch', numerator: 1, denominator: 2 },
  { provider: 'azure', modifier: 'service_tier:priority', numerator: 2, denominator: 1 },
  { provider: 'azure', modifier: 'service_tier:batch', numerator: 1, denominator: 2 },
  { provider: 'anthropic', modifier: 'service_tier:batch', numerator: 1, denominator: 2 },
  { provider: 'anthropic', modifier: 'inference_geo:us', numerator: 11, denominator: 10 },
  { provider: 'anthropic', modifier: 'speed:fast', numerator: 6, denominator: 1 },
  { provider: 'google', modifier: 'service_tier:batch', numerator: 1, denominator: 2 },
  { provider: 'mistral', modifier: 'service_tier:batch', numerator: 1, denominator: 2 },
  { provider: 'groq', modifier: 'service_tier:batch', numerator: 1, denominator: 2 },
];

const limits = readLimits();
const models = PROVIDERS.flatMap((id) => {
  const provider = findProvider({ providerId: id });
  if (!provider) throw new Error(`genai-prices does not know ${id}`);
  return provider.models.flatMap((model) => convert(id, model));
});
const version = `${new Date().toISOString().slice(0, 10)}.${createHash('sha256')
  .update(JSON.stringify([models, MULTIPLIERS]))
  .digest('hex')
  .slice(0, 8)}`;
writeFileSync(
  target,
  `{\n"source": "@pydantic/genai-prices (MIT); output limits: models.dev (MIT)",\n"version": "${version}",\n"multipliers": [\n${MULTIPLIERS.map((rule) => JSON.stringify(rule)).join(',\n')}\n],\n"models": [\n${models.map((model) => JSON.stringify(model)).join(',\n')}\n]\n}\n`,
);
console.log(`${models.length} models, version ${version}`);

function convert(provider, model) {
  const list = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  const periods = list
    .filter(({ constraint }) => constraint === undefined || constraint.type === 'start_date')
    .map(({ constraint, prices }) => ({
      ...(constraint && { from: constraint.start_date }),
      ...rates(prices),
    }))
    .filter((period) => period.rates.input !== undefined || period.rates.output !== undefined)
    .sort((a, b) => (a.from ?? '').localeCompare(b.from ?? ''));
  if (periods.length === 0) return [];
  const limit = limitOf(provider, model.id);
  return [
    {
      provider,
      id: model.id,
      match: model.match,
      ...((limit?.contextTokens ?? model.context_window) && {
        contextTokens: limit?.contextTokens ?? model.context_window,
      }),
      ...(limit?.maxOutputTokens && { maxOutputTokens: limit.maxOutputTokens }),
      periods,
    },
  ];
}

function rates(prices) {
  const base = {};
  const tiers = new Map();
  for (const [name, bucket] of Object.entries(BUCKETS)) {
    const price = prices[name];
    if (price === undefined) continue;
    base[bucket] = pico(typeof price === 'object' ? price.base : price);
    if (typeof price !== 'object') continue;
    for (const { start, price: tiered } of price.tiers) {
      if (!tiers.has(start)) tiers.set(start, {});
      tiers.get(start)[bucket] = pico(tiered);
    }
  }
  // A tier names only what changes; the whole call is priced by it, so it gets the rest from the base.
  const complete = [...tiers]
    .sort(([a], [b]) => a - b)
    .map(([start, changed]) => ({ aboveInputTokens: start, rates: { ...base, ...changed } }));
  return { rates: base, ...(complete.length > 0 && { tiers: complete }) };
}

/** Dollars per million tokens to integer pico-dollars per token, exactly; rounded up where the price is finer. */
function pico(dollarsPerMillion) {
  const [, whole, fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(
    String(dollarsPerMillion),
  );
  const shift = 6 + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  if (shift >= 0) return String(digits * 10n ** BigInt(shift));
  const divisor = 10n ** BigInt(-shift);
  return String((digits + divisor - 1n) / divisor);
}

function readLimits() {
  const file = process.argv[2];
  if (file) {
    const { models } = JSON.parse(readFileSync(file, 'utf8'));
    return new Map(
      Object.entries(models).map(([id, { context, output }]) => [
        id,
        { contextTokens: context, maxOutputTokens: output },
      ]),
    );
  }
  const { models } = JSON.parse(readFileSync(target, 'utf8'));
  return new Map(models.map((model) => [`${model.provider}/${model.id}`, model]));
}

function limitOf(provider, id) {
  const plain = id.replace(/:.*$/, '');
  for (const name of [provider, ...(LIMIT_NAMES[provider] ?? [])]) {
    const found =
      limits.get(`${name}/${plain}`) ?? limits.get(`${name}/${plain.replaceAll('.', '-')}`);
    if (found) return found;
  }
  return plain.includes('/') ? limits.get(plain) : undefined;
}
