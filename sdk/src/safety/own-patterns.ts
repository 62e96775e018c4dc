import type { RE2JS } from 're2js';

import type { Finding } from './finding.js';
import type { PiiPattern } from './policy.js';

/** Looked at with customers' patterns: RE2 is linear, but slow. */
const FINDINGS_MAX = 10_000;

export interface OwnPattern {
  readonly name: string;
  readonly pattern: RE2JS;
}

/**
 * Compiles customers' patterns with RE2, whose time is linear whatever the pattern. The library is loaded only when
 * there is one.
 * @param onBad is told which pattern cannot be used, and why
 */
export async function compilePatterns(
  patterns: readonly PiiPattern[],
  onBad: (name: string, reason: string) => void,
): Promise<OwnPattern[]> {
  if (patterns.length === 0) return [];
  const { RE2JS } = await import('re2js');
  return patterns.flatMap(({ name, pattern }) => {
    try {
      return [{ name, pattern: RE2JS.compile(pattern) }];
    } catch (error) {
      onBad(name, error instanceof Error ? error.message : String(error));
      return [];
    }
  });
}

export function findOwnPatterns(
  text: string,
  patterns: readonly OwnPattern[],
  found: Finding[],
): void {
  for (const { name, pattern } of patterns) {
    const matcher = pattern.matcher(text);
    for (let count = 0; count < FINDINGS_MAX && matcher.find(); count += 1) {
      const [start, end] = [matcher.start(), matcher.end()];
      if (end > start) found.push({ type: name, start, end });
    }
  }
}
