import { RE2JS } from 're2js';
import { AppError } from '../kernel/errors.js';
import type { PiiPolicy } from '../kernel/pii-policy.js';

/**
 * Compiled by the library that agents use, so that what is saved runs there.
 * @throws {AppError} VALIDATION_FAILED with the pattern's place and what is wrong with it
 */
export function refuseBadPatterns(patterns: PiiPolicy['patterns'] | undefined): void {
  for (const [index, { name, pattern }] of (patterns ?? []).entries()) {
    const reason = whyNotUsable(pattern);
    if (reason === undefined) continue;
    const path = `body.policy.pii.patterns.${index}.pattern`;
    throw new AppError('VALIDATION_FAILED', `The pattern ${name} cannot be used: ${reason}`, {
      details: { issues: [{ path, message: reason }] },
    });
  }
}

function whyNotUsable(pattern: string): string | undefined {
  try {
    return RE2JS.compile(pattern).matches('')
      ? 'it matches the empty text, so it would be found everywhere.'
      : undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `RE2 cannot read this pattern (${reason.slice(0, 200)}). Look-around and back references do not exist there.`;
  }
}
