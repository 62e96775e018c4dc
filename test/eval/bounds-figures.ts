import type { Bound } from './bounds-decision.js';

/** A bound beside what the provider counted. */
export interface Measured {
  readonly file: string;
  readonly line: number;
  readonly group: string;
  readonly model: string;
  readonly bound: Bound;
  readonly actual: number | undefined;
}

export interface Figures {
  readonly name: string;
  readonly calls: number;
  readonly refused: number;
  /** Calls whose usage tells no input, so that there is nothing to compare with. */
  readonly uncounted: number;
  readonly capped: number;
  readonly cappedUnder: number;
  readonly bounded: number;
  readonly boundedUnder: number;
  /** Of text and tools, without images. */
  readonly textUnder: number;
  /** Tokens that were set aside too much, of calls that are bounded by their content. */
  readonly medianExcess: number;
  readonly p95Excess: number;
  readonly leastExcess: number;
  /** The same as a part of what was counted: 1 is twice as much as needed. */
  readonly medianExcessShare: number;
  readonly p95ExcessShare: number;
}

export function figuresOf(name: string, calls: readonly Measured[]): Figures {
  const capped = calls.filter(({ bound }) => bound.kind === 'capped');
  const bounded = calls.filter(({ bound }) => bound.kind === 'bounded');
  const text = bounded.filter(({ bound }) => bound.kind !== 'refused' && !bound.hasImages);
  const excess = text.flatMap(({ bound, actual }) =>
    bound.kind === 'refused' || actual === undefined ? [] : [[bound.inputTokens, actual] as const],
  );
  const tokens = excess.map(([most, actual]) => most - actual);
  const shares = excess.map(([most, actual]) => (most - actual) / Math.max(1, actual));
  return {
    name,
    calls: calls.length,
    refused: calls.length - capped.length - bounded.length,
    uncounted: [...capped, ...bounded].filter(({ actual }) => actual === undefined).length,
    capped: capped.length,
    cappedUnder: capped.filter(isUnder).length,
    bounded: bounded.length,
    boundedUnder: bounded.filter(isUnder).length,
    textUnder: text.filter(isUnder).length,
    medianExcess: quantile(tokens, 0.5),
    p95Excess: quantile(tokens, 0.95),
    leastExcess: quantile(tokens, 0),
    medianExcessShare: quantile(shares, 0.5),
    p95ExcessShare: quantile(shares, 0.95),
  };
}

export function isUnder({ bound, actual }: Measured): boolean {
  return bound.kind !== 'refused' && actual !== undefined && bound.inputTokens < actual;
}

/** Why calls were refused or capped, the most frequent first. */
export function reasonsOf(kind: 'refused' | 'capped', calls: readonly Measured[]) {
  const counts = new Map<string, number>();
  for (const { bound, group } of calls) {
    if (bound.kind !== kind) continue;
    const reason = `${group}: ${bound.why.join(', ')}`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].sort(([, first], [, second]) => second - first);
}

/** The smallest value that at least `part` of all values do not exceed. */
function quantile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
