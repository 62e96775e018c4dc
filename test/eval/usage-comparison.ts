import type { CountName } from '../../sdk/src/usage/usage-reading.js';
import type { DecidedPrice, Decision } from './usage-decision.js';

/** What a file expects of one extractor. */
export interface Expectation {
  readonly usage: Readonly<Record<string, number>>;
  readonly inputPrice: string | undefined;
  readonly outputPrice: string | undefined;
  readonly totalPrice: string | undefined;
}

export interface Verdict {
  readonly bucketsRight: boolean;
  readonly priceRight: boolean;
  /** The price is right, or was on another day. */
  readonly priceOnceRight: boolean;
  /** What is wrong, for people. */
  readonly wrong: readonly string[];
}

const PICO_DIGITS = 12;

/** What we count, by the names that the files use. */
const names: Readonly<Record<CountName, string>> = {
  input: 'input_tokens',
  cacheRead: 'cache_read_tokens',
  cacheWrite: 'cache_write_tokens',
  cacheWrite5m: 'cache_write_5m_tokens',
  cacheWrite1h: 'cache_write_1h_tokens',
  textInput: 'input_text_tokens',
  audioInput: 'input_audio_tokens',
  imageInput: 'input_image_tokens',
  videoInput: 'input_video_tokens',
  textCacheRead: 'cache_text_read_tokens',
  audioCacheRead: 'cache_audio_read_tokens',
  imageCacheRead: 'cache_image_read_tokens',
  videoCacheRead: 'cache_video_read_tokens',
  toolInput: 'input_tool_tokens',
  textToolInput: 'input_text_tool_tokens',
  audioToolInput: 'input_audio_tool_tokens',
  imageToolInput: 'input_image_tool_tokens',
  videoToolInput: 'input_video_tool_tokens',
  output: 'output_tokens',
  textOutput: 'output_text_tokens',
  audioOutput: 'output_audio_tokens',
  imageOutput: 'output_image_tokens',
  videoOutput: 'output_video_tokens',
  reasoning: 'output_reasoning_tokens',
  citations: 'output_citation_tokens',
  webSearches: 'web_searches',
  fileSearches: 'storage_searches',
  containers: 'containers',
  characters: 'characters',
  searchUnits: 'search_units',
  audioSeconds: 'audio_seconds',
  textMessages: 'input_text_messages',
  pages: 'input_document_pages',
  annotatedPages: 'input_annotated_document_pages',
};

/** Compares what was decided with what was expected; a count of none and no count are the same. */
export function compare(decision: Decision | undefined, expected: Expectation): Verdict {
  const buckets = differingCounts(decision, expected.usage);
  const price = differingPrice(decision?.price, expected);
  if (price !== undefined && decision?.doubt !== undefined) buckets.push(`(${decision.doubt})`);
  return {
    bucketsRight: differingCounts(decision, expected.usage).length === 0,
    priceRight: price === undefined,
    priceOnceRight:
      price === undefined ||
      (decision?.otherDays ?? []).some((other) => differingPrice(other, expected) === undefined),
    wrong: price === undefined ? buckets : [...buckets, price],
  };
}

function differingCounts(
  decision: Decision | undefined,
  usage: Readonly<Record<string, number>>,
): string[] {
  const ours = new Map<string, number>();
  for (const [name, told] of Object.entries(names)) {
    ours.set(told, decision?.counts[name as CountName] ?? 0);
  }
  return [...new Set([...ours.keys(), ...Object.keys(usage)])].flatMap((name) => {
    const [own, theirs] = [ours.get(name) ?? 0, usage[name] ?? 0];
    return own === theirs ? [] : [`${name}: ${own} instead of ${theirs}`];
  });
}

function differingPrice(
  price: DecidedPrice | undefined,
  { inputPrice, outputPrice, totalPrice }: Expectation,
): string | undefined {
  if (inputPrice === undefined && outputPrice === undefined && totalPrice === undefined) {
    return price && `price: ${dollars(price.total)} instead of none`;
  }
  const input = picoOf(inputPrice ?? '0');
  const output = picoOf(outputPrice ?? '0');
  const total = totalPrice === undefined ? input + output : picoOf(totalPrice);
  const isRight = price?.input === input && price.output === output && price.total === total;
  if (isRight) return undefined;
  const own = price ? [price.input, price.output, price.total].map(dollars).join(' + ') : 'none';
  return `price: ${own} instead of ${[input, output, total].map(dollars).join(' + ')}`;
}

/** A decimal number of dollars, also as `1E-7`; what is finer than a pico-dollar is rounded up, as rates are. */
function picoOf(text: string): bigint {
  const [, whole, fraction = '', exponent = '0'] =
    /^(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text.trim()) ?? [];
  if (whole === undefined) throw new Error(`not a price: ${text}`);
  const digits = BigInt(whole + fraction);
  const shift = PICO_DIGITS + Number(exponent) - fraction.length;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return (digits + divisor - 1n) / divisor;
}

function dollars(pico: bigint): string {
  const text = pico.toString().padStart(PICO_DIGITS + 1, '0');
  const fraction = text.slice(-PICO_DIGITS).replace(/0+$/, '');
  return `$${text.slice(0, -PICO_DIGITS)}${fraction === '' ? '' : `.${fraction}`}`;
}
