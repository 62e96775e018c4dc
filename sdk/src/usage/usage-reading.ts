import { tokenUsage, type TokenUsage } from '../prices/usage.js';

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
  | 'webSearches'
  | 'audioSeconds'
  | 'textMessages'
  | 'pages'
  | 'annotatedPages';
export type Modality = 'text' | 'audio' | 'image' | 'video';

/** What one answer says; a count that is absent was not told. */
export interface UsageReading {
  readonly model: string | undefined;
  readonly counts: Readonly<Partial<Record<CountName, number>>>;
}

export interface FoldedUsage {
  readonly tokens: TokenUsage;
  /** Why the counts cannot be trusted: parts exceed their total, or do not say how they overlap. */
  readonly doubt: string | undefined;
}

/** Overlapping parts as disjoint buckets. Where they contradict each other `doubt` says so. */
export function foldUsage({ counts }: UsageReading): FoldedUsage {
  const of = (name: CountName): number => counts[name] ?? 0;
  const told = partsOf(of);
  const inputParts = sum(told.input);
  const outputParts = sum(told.output);
  return {
    tokens: tokenUsage({
      ...told.input,
      ...told.output,
      input: of('input') - inputParts,
      output: of('output') - outputParts,
      webSearches: of('webSearches'),
    }),
    doubt: doubtAbout(of, told, { inputParts, outputParts }),
  };
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
  { inputParts, outputParts }: { inputParts: number; outputParts: number },
): string | undefined {
  if (inputParts > of('input')) return 'parts of the input exceed it';
  if (outputParts > of('output') || of('reasoning') > of('output')) {
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

function sum(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((total, part) => total + part, 0);
}
