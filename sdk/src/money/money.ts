/** Amounts are integers of nano-dollars (10⁻⁹ $), everywhere inside the SDK. */
export type NanoUsd = bigint;

const NANO_PER_DOLLAR = 1_000_000_000n;
const pattern = /^(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,9}))?$/;

/**
 * Reads dollars as the server writes them (`"0.500000000"`).
 * @throws RangeError on anything but a plain decimal with at most nine decimals.
 */
export function parseUsd(text: string): NanoUsd {
  const match = pattern.exec(text);
  if (match === null) throw new RangeError(`not an amount of dollars: ${JSON.stringify(text)}`);
  const fraction = (match[2] ?? '').padEnd(9, '0');
  return BigInt(match[1] ?? '0') * NANO_PER_DOLLAR + BigInt(fraction);
}

/** Dollars for the wire: always nine decimals. @throws RangeError on a negative amount. */
export function formatUsd(amountNano: NanoUsd): string {
  if (amountNano < 0n) throw new RangeError('an amount on the wire is never negative');
  const fraction = (amountNano % NANO_PER_DOLLAR).toString().padStart(9, '0');
  return `${(amountNano / NANO_PER_DOLLAR).toString()}.${fraction}`;
}

/** Dollars for people: `$0.031`, without trailing zeros, a sign where it is negative. */
export function displayUsd(amountNano: NanoUsd): string {
  const text = formatUsd(amountNano < 0n ? -amountNano : amountNano);
  const short = text.replace(/0+$/, '').replace(/\.$/, '');
  return `${amountNano < 0n ? '-' : ''}$${short}`;
}

export function maxNano(...amounts: readonly NanoUsd[]): NanoUsd {
  return amounts.reduce((largest, amount) => (amount > largest ? amount : largest), 0n);
}

export function minNano(first: NanoUsd, second: NanoUsd): NanoUsd {
  return first < second ? first : second;
}
