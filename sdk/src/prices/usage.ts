/** Disjoint buckets: every token or unit is counted in exactly one of them. Each usage record names all of these. */
export const COMMON_BUCKETS = [
  'input',
  'cacheRead',
  'cacheWrite5m',
  'cacheWrite1h',
  'output',
  'audioInput',
  'audioOutput',
] as const;

/** Counted in what they are called, not in tokens. */
export const UNIT_BUCKETS = [
  'webSearches',
  'fileSearches',
  'containers',
  'audioSeconds',
  'characters',
  'searchUnits',
] as const;

/** Named only where a call has them. */
export const RARE_BUCKETS = [
  'imageInput',
  'videoInput',
  'audioCacheRead',
  'imageCacheRead',
  'imageOutput',
  'videoOutput',
  ...UNIT_BUCKETS,
] as const;

export const BUCKETS = [...COMMON_BUCKETS, ...RARE_BUCKETS] as const;

export type CommonBucket = (typeof COMMON_BUCKETS)[number];
export type UnitBucket = (typeof UNIT_BUCKETS)[number];
/** How many of each unit. */
export type Units = Readonly<Partial<Record<UnitBucket, number>>>;
export type RareBucket = (typeof RARE_BUCKETS)[number];
export type Bucket = CommonBucket | RareBucket;
export type TokenUsage = Readonly<Record<CommonBucket, number>> &
  Readonly<Partial<Record<RareBucket, number | undefined>>>;

export const OUTPUT_BUCKETS: readonly Bucket[] = [
  'output',
  'audioOutput',
  'imageOutput',
  'videoOutput',
];
const notInput: ReadonlySet<Bucket> = new Set([...OUTPUT_BUCKETS, ...UNIT_BUCKETS]);
export const INPUT_BUCKETS: readonly Bucket[] = BUCKETS.filter((bucket) => !notInput.has(bucket));

const none: Readonly<Record<CommonBucket, number>> = {
  input: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 0,
  audioInput: 0,
  audioOutput: 0,
};

/** A complete usage from the buckets that are known; counts are whole and never negative. */
export function tokenUsage(known: Partial<Record<Bucket, number>>): TokenUsage {
  const usage: Record<CommonBucket, number> & Partial<Record<RareBucket, number>> = { ...none };
  for (const bucket of COMMON_BUCKETS) usage[bucket] = wholeCount(known[bucket]);
  for (const bucket of RARE_BUCKETS) {
    const count = wholeCount(known[bucket]);
    if (count > 0) usage[bucket] = count;
  }
  return usage;
}

/** A count out of somebody else's JSON: anything that is not a positive number counts as none. */
export function wholeCount(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) return 0;
  return Math.min(Math.ceil(value), Number.MAX_SAFE_INTEGER);
}

export function inputTokensOf(usage: TokenUsage): number {
  return sumOf(usage, INPUT_BUCKETS);
}

export function outputTokensOf(usage: TokenUsage): number {
  return sumOf(usage, OUTPUT_BUCKETS);
}

/** The same usage with these units; what is none is left out. */
export function withUnits(usage: TokenUsage, units: Units): TokenUsage {
  const some = Object.entries(units).filter(([, count]) => count > 0);
  return { ...usage, ...Object.fromEntries(some) };
}

/** The units alone. */
export function unitsOf(usage: TokenUsage): Units {
  return Object.fromEntries(
    UNIT_BUCKETS.filter((unit) => usage[unit] !== undefined).map((unit) => [unit, usage[unit]]),
  );
}

function sumOf(usage: TokenUsage, buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, bucket) => sum + (usage[bucket] ?? 0), 0);
}
