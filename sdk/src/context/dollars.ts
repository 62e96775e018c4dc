import { ConfigurationError } from '../errors/catalogue.js';
import { parseUsd, type NanoUsd } from '../money/money.js';

/** An amount that a program wrote. @throws ConfigurationError that shows what one looks like */
export function dollarsOf(amount: unknown): NanoUsd {
  try {
    if (typeof amount === 'string') return parseUsd(amount);
  } catch {
    // Told below, like everything else that is no amount.
  }
  const shown = typeof amount === 'string' ? JSON.stringify(amount) : `a ${typeof amount}`;
  throw new ConfigurationError(
    `An amount is a decimal string of dollars such as '0.10', not ${shown}.`,
  );
}
