import {
  inputTokensOf,
  tokenUsage,
  UNIT_BUCKETS,
  type TokenUsage,
  type UnitBucket,
} from '../prices/usage.js';
import { RECORD_LIMITS } from '../wire/protocol.js';

/**
 * Everything that some provider counts. `input` and `output` are totals of their side; every other
 * count is one of its parts, and parts may overlap (cached tokens that are audio are in both).
 */
export type CountName =
  | 'input'
  | 'cacheRead'
  | 'cacheWrite'
  | 'cacheWrite5m'
  | 'cacheWrite1h'
  | `${Modality}Input`
  | `${Modality}CacheRead`
  | `${Modality}ToolInput`
  | 'toolInput'
  | 'output'
  | `${Modality}Output`
  | 'reasoning'
  | 'citations'
  | UnitBucket
  | 'textMessages'
  | 'pages'
  | 'annotatedPages';
export type Modality = 'text' | 'audio' | 'image' | 'video';

/** What one answer says; a count that is absent was not told. */
export interface UsageReading {
  readonly model: string | undefined;
  readonly counts: Readonly<Partial<Record<CountName, number>>>;
  /** All tokens of both sides, where the provider sums them up. */
  readonly total: number | undefined;
}

export interface FoldedUsage {
  readonly tokens: TokenUsage;
  /** Set where the counts contradict each other; then more than `tokens` may be billed. */
  readonly doubt?: UsageDoubt;
}

export interface UsageDoubt {
  readonly reason: string;
  /** The most that each side can be, whatever its parts are. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Overlapping parts as disjoint buckets. Where they contradict each other `doubt` says so. */
export function foldUsage({ counts, total }: UsageReading): FoldedUsage {
  const of = (name: CountName): number => counts[name] ?? 0;
  const told = partsOf(of);
  const sides = { input: sum(told.input), output: sum(told.output) };
  const tokens = tokenUsage({
    ...told.input,
    ...told.output,
    input: of('input') - sides.input,
    output: of('output') - sides.output,
    ...Object.fromEntries(UNIT_BUCKETS.map((unit) => [unit, of(unit)])),
  });
  const reason = doubtAbout(of, told, sides) ?? doubtAboutSum(of, total);
  if (reason === undefined) return { tokens };
  // Where the sum is right, only its parts are wrong.
  const isSumRight = doubtAboutSum(of, total) === undefined && total !== undefined;
  const inputTokens = isSumRight ? of('input') : Math.max(of('input'), sides.input);
  const outputTokens = isSumRight
    ? of('output')
    : Math.max(of('output'), sides.output, of('reasoning'));
  const unexplained = Math.max(0, (total ?? 0) - inputTokens - outputTokens);
  return {
    tokens,
    doubt: {
      reason,
      inputTokens: Math.min(inputTokens, RECORD_LIMITS.count),
      outputTokens: Math.min(outputTokens + unexplained, RECORD_LIMITS.count),
    },
  };
}

/** All input tokens that were told, in the worst case. */
export function inputTold({ tokens, doubt }: FoldedUsage): number {
  return doubt?.inputTokens ?? inputTokensOf(tokens);
}

type Count = (name: CountName) => number;

function partsOf(of: Count) {
  const cacheWrite1h = Math.min(of('cacheWrite1h'), of('cacheWrite'));
  return {
    input: {
      cacheRead: of('cacheRead') - of('audioCacheRead') - of('imageCacheRead'),
      audioCacheRead: of('audioCacheRead'),
      imageCacheRead: of('imageCacheRead'),
      cacheWrite5m: of('cacheWrite') - cacheWrite1h,
      cacheWrite1h,
      audioInput: of('audioInput') - of('audioCacheRead'),
      imageInput: of('imageInput') - of('imageCacheRead'),
      videoInput: of('videoInput') - of('videoCacheRead'),
    },
    output: {
      audioOutput: of('audioOutput'),
      imageOutput: of('imageOutput'),
      videoOutput: of('videoOutput'),
    },
  };
}

function doubtAbout(
  of: Count,
  { input, output }: ReturnType<typeof partsOf>,
  sides: { readonly input: number; readonly output: number },
): string | undefined {
  if (sides.input > of('input')) return 'parts of the input exceed it';
  if (sides.output > of('output') || of('reasoning') > of('output')) {
    return 'parts of the output exceed it';
  }
  const parts = [...Object.values(input), ...Object.values(output)];
  if (parts.some((part) => part < 0)) return 'parts of a part exceed it';
  const isSplit = of('audioCacheRead') + of('textCacheRead') > 0;
  if (of('cacheRead') > 0 && of('audioInput') > 0 && !isSplit) {
    return 'it is not told which cached tokens are audio';
  }
  return undefined;
}

function doubtAboutSum(of: Count, total: number | undefined): string | undefined {
  const sum = of('input') + of('output');
  return total === undefined || total === sum
    ? undefined
    : `the total is ${total}, input and output are ${sum}`;
}

function sum(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((total, part) => total + part, 0);
}
