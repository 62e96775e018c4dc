/**
 * Money is an integer number of nano-dollars (10⁻⁹ USD) in a `bigint`. This file is the only place that turns it into text and
 * back; everything else adds and compares.
 */
export type Nano = bigint;

/** The largest amount that the ledger accepts in one entry: a billion dollars leaves nine bits of headroom in an int64. */
export const MAX_AMOUNT_NANO: Nano = 1_000_000_000n * 1_000_000_000n;

const DECIMAL = /^(0|[1-9]\d{0,9})(?:\.(\d{1,9}))?$/;

/**
 * Reads a decimal string in dollars ("0.5", "12", "0.000000001") exactly.
 *
 * @returns nano-dollars, or `undefined` when the text has a sign, an exponent, spaces, a leading zero, more than nine decimals,
 *   or is larger than {@link MAX_AMOUNT_NANO}.
 */
export function parseMoney(text: string): Nano | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, whole = '0', fraction = ''] = match;
  const nano = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  return nano > MAX_AMOUNT_NANO ? undefined : nano;
}

/** Prints nano-dollars with all nine decimals ("0.500000000"); negative amounts carry a minus sign. */
export function printMoney(nano: Nano): string {
  const digits = (nano < 0n ? -nano : nano).toString().padStart(10, '0');
  return `${nano < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

/** Prints for people: two decimals at least, more only where they carry something ("$0.50", "$0.000206"). */
export function showMoney(nano: Nano): string {
  const text = printMoney(nano < 0n ? -nano : nano).replace(/(\.\d\d\d*?)0+$/, '$1');
  return `${nano < 0n ? '-' : ''}$${text}`;
}

export function minNano(first: Nano, ...rest: Nano[]): Nano {
  return rest.reduce((least, amount) => (amount < least ? amount : least), first);
}

export function maxNano(first: Nano, ...rest: Nano[]): Nano {
  return rest.reduce((most, amount) => (amount > most ? amount : most), first);
}
