// Writes src/billing/prices/price-table.json from @pydantic/genai-prices (MIT) and added-prices.mjs.
//
//   node deploy/generate-prices.mjs [LIMITS.json]
//
// LIMITS.json gives the output limits that the package lacks, in the form { models: { "<provider>/<model>": { context, output } } };
// without it the limits of the table that is already there are kept.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { findProvider } from '@pydantic/genai-prices';
import { ADDED_CONTAINERS, ADDED_MODELS } from './added-prices.mjs';

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
  'aws',
  'arcee',
  'avian',
  'baseten',
  'cloudflare',
  'cursor',
  'doubleword',
  'github-copilot',
  'huggingface_cerebras',
  'huggingface_fireworks-ai',
  'huggingface_groq',
  'huggingface_hyperbolic',
  'huggingface_nebius',
  'huggingface_novita',
  'huggingface_nscale',
  'huggingface_ovhcloud',
  'huggingface_publicai',
  'huggingface_sambanova',
  'huggingface_together',
  'minimax',
  'modal',
  'novita',
  'ovhcloud',
  'quicksilverpro',
  'typesafe',
  'voyageai',
  'zai',
  'zhipuai',
];
const LIMIT_NAMES = {
  'x-ai': ['xai'],
  azure: ['openai'],
  together: [],
  fireworks: [],
  openrouter: [],
};
/** Clouds that sell other makers' models, under names with a region or a version around the maker's own. */
const CLOUDS = ['aws', 'azure', 'google'];
const PER_MILLION_TOKENS = {
  input_mtok: 'input',
  cache_read_mtok: 'cacheRead',
  cache_write_mtok: 'cacheWrite5m',
  cache_write_1h_mtok: 'cacheWrite1h',
  output_mtok: 'output',
  input_audio_mtok: 'audioInput',
  output_audio_mtok: 'audioOutput',
  input_image_mtok: 'imageInput',
  input_video_mtok: 'videoInput',
  cache_audio_read_mtok: 'audioCacheRead',
  cache_image_read_mtok: 'imageCacheRead',
  output_image_mtok: 'imageOutput',
  output_video_mtok: 'videoOutput',
};
const PER_THOUSAND = {
  web_searches_kcount: 'webSearches',
  storage_searches_kcount: 'fileSearches',
  requests_kcount: 'call',
};
const SECONDS_PER_HOUR = 3_600n;

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
  const { models: own, fallback_model_providers: others = [] } = known(id);
  // The first entry that fits a name counts, so what a cloud sells at its maker's price comes last.
  const resold = others.flatMap((other) => known(other).models);
  const added = ADDED_MODELS.filter(({ provider }) => provider === id).map(addedModel);
  return [...added, ...[...own, ...resold].flatMap((model) => convert(id, model))];
});
const version = `${new Date().toISOString().slice(0, 10)}.${createHash('sha256')
  .update(JSON.stringify([models, MULTIPLIERS]))
  .digest('hex')
  .slice(0, 8)}`;
writeFileSync(
  target,
  `{\n"source": "@pydantic/genai-prices (MIT) and deploy/added-prices.mjs; output limits: models.dev (MIT)",\n"version": "${version}",\n"multipliers": [\n${MULTIPLIERS.map((rule) => JSON.stringify(rule)).join(',\n')}\n],\n"models": [\n${models.map((model) => JSON.stringify(model)).join(',\n')}\n]\n}\n`,
);
console.log(`${models.length} models, version ${version}`);

function known(id) {
  const provider = findProvider({ providerId: id });
  if (!provider) throw new Error(`genai-prices does not know ${id}`);
  return provider;
}

function convert(provider, model) {
  const list = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  // Who charges more at some hours is priced by the dearest one: a budget must not be exceeded, whatever the time is.
  const hours = list
    .filter(({ constraint }) => constraint?.type === 'time_of_date')
    .map(({ prices }) => rates(prices).rates);
  const periods = list
    .filter(({ constraint }) => constraint === undefined || constraint.type === 'start_date')
    .map(({ constraint, prices }) => {
      const period = rates(prices);
      return {
        ...(constraint && { from: constraint.start_date }),
        ...period,
        rates: withContainers(provider, dearest([period.rates, ...hours])),
      };
    })
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

function addedModel({ provider, id, match, perMillion = {}, perThousand = {} }) {
  const rates = { input: '0', output: '0' };
  for (const [unit, price] of Object.entries(perMillion)) rates[unit] = pico(price);
  for (const [unit, price] of Object.entries(perThousand)) rates[unit] = pico(price, 9);
  return { provider, id, match, periods: [{ rates }] };
}

function withContainers(provider, rates) {
  return provider === ADDED_CONTAINERS.provider && rates.fileSearches !== undefined
    ? { ...rates, containers: pico(ADDED_CONTAINERS.perOne, 12) }
    : rates;
}

function dearest([first, ...others]) {
  return others.reduce((all, next) => {
    const names = [...new Set([...Object.keys(all), ...Object.keys(next)])];
    const most = (name) =>
      BigInt(next[name] ?? 0) > BigInt(all[name] ?? 0) ? next[name] : all[name];
    return Object.fromEntries(names.map((name) => [name, most(name)]));
  }, first);
}

/** A model without any price is one that its provider gives away. */
function rates(prices) {
  if (Object.keys(prices).length === 0) return { rates: { input: '0', output: '0' } };
  const base = {};
  const changes = [];
  for (const [name, bucket] of Object.entries(PER_MILLION_TOKENS)) {
    const price = prices[name];
    if (price === undefined) continue;
    base[bucket] = pico(typeof price === 'object' ? price.base : price);
    if (typeof price !== 'object') continue;
    for (const { start, price: tiered } of price.tiers) {
      changes.push({ start, rates: { [bucket]: pico(tiered) } });
    }
  }
  for (const [name, unit] of Object.entries(PER_THOUSAND)) {
    if (prices[name] !== undefined) base[unit] = pico(prices[name], 9);
  }
  if (prices.input_audio_hours !== undefined) {
    // What is paid by the hour costs nothing for tokens. Pico-dollars of a second are rounded up.
    const ofHour = BigInt(pico(prices.input_audio_hours, 12));
    base.audioSeconds = String((ofHour + SECONDS_PER_HOUR - 1n) / SECONDS_PER_HOUR);
    base.input ??= '0';
    base.output ??= '0';
  }
  // A tier names only what changes; the whole call is priced by it, so it gets the rest from the tiers below it and the base.
  const starts = [...new Set(changes.map(({ start }) => start))].sort((a, b) => a - b);
  const tiers = starts.map((start) => ({
    aboveInputTokens: start,
    rates: changes
      .filter((change) => change.start <= start)
      .sort((a, b) => a.start - b.start)
      .reduce((all, change) => ({ ...all, ...change.rates }), base),
  }));
  return { rates: base, ...(tiers.length > 0 && { tiers }) };
}

/** Dollars per million (or, with 9, per thousand) to integer pico-dollars per one, exactly; rounded up where the price is finer. */
function pico(dollars, exponentOfOne = 6) {
  const [, whole, fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(
    String(dollars),
  );
  const shift = exponentOfOne + Number(exponent) - fraction.length;
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
  if (plain.includes('/')) return limits.get(plain);
  if (!CLOUDS.includes(provider)) return undefined;
  const [, limit] =
    [...limits]
      .filter(([name]) => plain.includes(name.slice(name.indexOf('/') + 1)))
      .sort(([a], [b]) => b.length - a.length)
      .at(0) ?? [];
  return limit;
}
