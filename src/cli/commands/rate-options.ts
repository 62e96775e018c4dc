import type { Command } from 'commander';
import { parseMoney, printMoney } from '../../kernel/money.js';
import { usageError } from '../cli-error.js';
import { limitAmount, wholeNumber } from '../terminal/format.js';

export interface RateOptions {
  readonly input?: string;
  readonly output?: string;
  readonly cacheRead?: string;
  readonly cacheWrite?: string;
  readonly webSearch?: string;
  readonly fileSearch?: string;
  readonly container?: string;
  readonly audioMinute?: string;
  readonly characters?: string;
  readonly searchUnit?: string;
}
export interface TierOptions {
  readonly longContext?: number;
  readonly longInput?: string;
  readonly longOutput?: string;
  readonly longCacheRead?: string;
}

export function withRates(command: Command): Command {
  return command
    .option('--input <dollars>', 'per million input tokens')
    .option('--output <dollars>', 'per million output tokens')
    .option('--cache-read <dollars>', 'per million tokens read from a cache, as input unless given')
    .option('--cache-write <dollars>', 'per million tokens written to one, as input unless given')
    .option('--web-search <dollars>', 'of one web search that the provider makes')
    .option('--file-search <dollars>', 'of one search in files that the provider keeps')
    .option('--container <dollars>', 'of one container that code runs in')
    .option('--audio-minute <dollars>', 'of one minute of transcribed audio')
    .option('--characters <dollars>', 'per million spoken characters')
    .option('--search-unit <dollars>', 'of one search unit of a reranker');
}

export function withTier(command: Command): Command {
  return command
    .option(
      '--long-context <tokens>',
      'a call with more input tokens than this pays the rates below',
      wholeNumber('--long-context', 1, 100_000_000),
    )
    .option('--long-input <dollars>', 'per million input tokens of a long call')
    .option('--long-output <dollars>', 'per million output tokens of a long call')
    .option('--long-cache-read <dollars>', 'per million cached tokens of a long call');
}

export function ratesOf(options: RateOptions): Record<string, string> {
  const units = unitRatesOf(options);
  // What is paid by another unit costs nothing for tokens, unless it is said.
  const otherwise = Object.keys(units).length > 0 ? '0' : undefined;
  const { input = otherwise, output = otherwise, cacheRead, cacheWrite } = options;
  if (input === undefined || output === undefined) {
    throw usageError('Give --input and --output, in dollars per million tokens.');
  }
  return {
    input,
    output,
    ...(cacheRead !== undefined && { cacheRead }),
    ...(cacheWrite !== undefined && { cacheWrite5m: cacheWrite }),
    ...units,
  };
}

/** People know the price of one, the server wants that of a million. */
function unitRatesOf(options: RateOptions): Record<string, string> {
  const { webSearch, fileSearch, container, audioMinute, characters, searchUnit } = options;
  return {
    ...(webSearch !== undefined && { webSearches: perMillion(webSearch) }),
    ...(fileSearch !== undefined && { fileSearches: perMillion(fileSearch) }),
    ...(container !== undefined && { containers: perMillion(container) }),
    ...(audioMinute !== undefined && { audioSeconds: perMillion(audioMinute, 60n) }),
    ...(characters !== undefined && { characters }),
    ...(searchUnit !== undefined && { searchUnits: perMillion(searchUnit) }),
  };
}

/** @param parts into how many units the price is divided; a remainder is rounded up to a millionth of a dollar */
function perMillion(dollarsOfOne: string, parts = 1n): string {
  const nano = (parseMoney(limitAmount(dollarsOfOne)) ?? 0n) * 1_000_000n;
  const millionths = (nano + parts * 1_000n - 1n) / (parts * 1_000n);
  return printMoney(millionths * 1_000n);
}

export function tiersOf(options: TierOptions): object[] | undefined {
  const { longContext, longInput, longOutput, longCacheRead } = options;
  const given = [longInput, longOutput, longCacheRead].some((rate) => rate !== undefined);
  if (longContext === undefined && !given) return undefined;
  if (longContext === undefined || longInput === undefined || longOutput === undefined) {
    throw usageError('Give --long-context, --long-input and --long-output together.');
  }
  const rates = {
    input: longInput,
    output: longOutput,
    ...(longCacheRead !== undefined && { cacheRead: longCacheRead }),
  };
  return [{ aboveInputTokens: longContext, rates }];
}
