import { LeaseUnavailableError } from '../errors/catalogue.js';
import { displayUsd, type NanoUsd } from '../money/money.js';

/** The refusal when nothing is left to draw from and the server does not answer. */
export function leaseUnavailable(
  neededNano: NanoUsd,
  leftNano: NanoUsd,
  cause: unknown,
): LeaseUnavailableError {
  return new LeaseUnavailableError(
    `The call needs up to ${displayUsd(neededNano)}, the leases at hand have ` +
      `${displayUsd(leftNano)}, and the Iron Cage server does not answer. Nothing may be spent ` +
      'without a lease; try again when the server is back.',
    { status: 503, ...(cause === undefined ? {} : { cause }) },
  );
}
