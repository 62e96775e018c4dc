import { z } from 'zod';
import { printMoney } from '../kernel/money.js';
import { money } from '../kernel/wire.js';

/* Rates as people write them. */

const perMillion = money
  .refine((nano) => nano % 1_000n === 0n, {
    error: 'Give at most six decimals: a rate is a whole number of pico-dollars per token.',
  })
  .describe('Dollars per million tokens.');
const units = perMillion.optional();
export const rates = z
  .strictObject({
    input: perMillion,
    cacheRead: perMillion.optional().describe('As `input` unless given.'),
    cacheWrite5m: perMillion.optional().describe('As `input` unless given.'),
    cacheWrite1h: perMillion.optional().describe('As `cacheWrite5m` unless given.'),
    output: perMillion,
    audioInput: perMillion.optional().describe('As `input` unless given.'),
    audioOutput: perMillion.optional().describe('As `output` unless given.'),
    webSearches: units.describe('Dollars per million web searches.'),
    fileSearches: units.describe('Dollars per million searches in stored files.'),
    containers: units.describe('Dollars per million containers that code runs in.'),
    audioSeconds: units.describe('Dollars per million seconds of transcribed audio.'),
    characters: units.describe('Dollars per million spoken characters.'),
    searchUnits: units.describe("Dollars per million of a reranker's search units."),
  })
  .meta({ id: 'RatesPerMillion' });
/** What a price list tells beside the input, cached input and output of every model. */
export const LISTED_UNITS = [
  'cacheWrite5m',
  'cacheWrite1h',
  'audioInput',
  'audioOutput',
  'imageInput',
  'videoInput',
  'audioCacheRead',
  'imageCacheRead',
  'imageOutput',
  'videoOutput',
  'webSearches',
  'fileSearches',
  'containers',
  'audioSeconds',
  'characters',
  'searchUnits',
  'calls',
] as const;
/** What is charged for a million of something: the dearest own rate with the highest mark-up fits, which is no longer an amount. */
export const priceOfMillion = z
  .codec(z.string().regex(/^\d{1,11}\.\d{9}$/), z.bigint(), {
    decode: (text) => BigInt(text.replace('.', '')),
    encode: (nano) => printMoney(nano),
  })
  .meta({ description: 'US dollars, decimal string', examples: ['0.250000000'] });
export const tiers = z
  .array(
    z.strictObject({
      aboveInputTokens: z
        .int()
        .min(1)
        .max(100_000_000)
        .describe('When all input tokens together are more, these rates are those of the call.'),
      rates,
    }),
  )
  .max(4)
  .refine((given) => new Set(given.map((tier) => tier.aboveInputTokens)).size === given.length, {
    error: 'Give each threshold once.',
  })
  .describe('Long contexts: dearer rates for the whole call.');
