/** Disjoint buckets: every token is counted in exactly one of them. */
export const BUCKETS = [
  'input',
  'cacheRead',
  'cacheWrite5m',
  'cacheWrite1h',
  'output',
  'audioInput',
  'audioOutput',
] as const;

export type Bucket = (typeof BUCKETS)[number];
export type TokenUsage = Readonly<Record<Bucket, number>>;

const none: TokenUsage = {
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
  const usage: Record<Bucket, number> = { ...none };
  for (const bucket of BUCKETS) usage[bucket] = wholeCount(known[bucket]);
  return usage;
}

/** A count out of somebody else's JSON: anything that is not a positive number counts as none. */
export function wholeCount(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) return 0;
  return Math.min(Math.ceil(value), Number.MAX_SAFE_INTEGER);
}

export function inputTokensOf(usage: TokenUsage): number {
  return usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h + usage.audioInput;
}
