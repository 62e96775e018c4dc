/**
 * Money crosses the API as a decimal string in dollars with nine decimals. Here it is an integer number of nano-dollars (10⁻⁹ USD)
 * in a `bigint`; it becomes a `number` only to be drawn, never to be shown as text.
 */
export type Nano = bigint;

const NANO_PER_DOLLAR = 1_000_000_000n;
const NANO_PER_CENT = 10_000_000n;
const WIRE = /^(-?)(\d+)(?:\.(\d{1,9}))?$/;
const TYPED = /^(?:0|[1-9]\d{0,9})(?:\.\d{1,9})?$/;

/** Reads a money string of the API. @throws RangeError when it is not one, which is a bug of the server. */
export function nano(wire: string): Nano {
  const match = WIRE.exec(wire);
  if (!match) throw new RangeError(`not money: ${wire}`);
  const [, sign, whole = '0', fraction = ''] = match;
  const size = BigInt(whole) * NANO_PER_DOLLAR + BigInt(fraction.padEnd(9, '0'));
  return sign ? -size : size;
}

/** Reads what a person typed ("$1,250.5", "12"). @returns the decimal string for the API, or `undefined`. */
export function typedMoney(text: string): string | undefined {
  const plain = text
    .trim()
    .replace(/^\$\s*/, '')
    .replaceAll(',', '');
  return TYPED.test(plain) ? plain : undefined;
}

/** As {@link typedMoney}, with an optional sign ("-12.50", "−$3", "+5"). */
export function typedSignedMoney(text: string): string | undefined {
  const [, sign = '', rest = ''] = /^\s*([-−+]?)(.*)$/.exec(text) ?? [];
  const size = typedMoney(rest);
  return size === undefined || sign === '' || sign === '+' ? size : `-${size}`;
}

/** "1,234.57": two decimals, rounded half up; what is not zero is never shown as zero ("<$0.01"). */
export function shortUsd(amount: Nano): string {
  const size = amount < 0n ? -amount : amount;
  const sign = amount < 0n ? '−' : '';
  if (size > 0n && size < NANO_PER_CENT / 2n) return `${sign}<$0.01`;
  const cents = (size + NANO_PER_CENT / 2n) / NANO_PER_CENT;
  return `${sign}$${grouped(cents / 100n)}.${(cents % 100n).toString().padStart(2, '0')}`;
}

/** All decimals that carry something, two at least: "$0.50", "$0.000206". */
export function exactUsd(amount: Nano): string {
  const size = amount < 0n ? -amount : amount;
  const fraction = (size % NANO_PER_DOLLAR)
    .toString()
    .padStart(9, '0')
    .replace(/(?<=^..\d*?)0+$/, '');
  return `${amount < 0n ? '−' : ''}$${grouped(size / NANO_PER_DOLLAR)}.${fraction}`;
}

/** For a form field: no sign, no grouping ("0.50"). */
export function editableUsd(amount: Nano): string {
  return exactUsd(amount).replace('$', '').replaceAll(',', '');
}

export function sumNano(amounts: Iterable<Nano>): Nano {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
}

/** Share of a whole in percent, with two decimals; for drawing. */
export function percent(part: Nano, whole: Nano): number {
  return whole <= 0n ? 0 : Number((part * 10_000n) / whole) / 100;
}

/** Dollars as a number; for drawing only. */
export function drawnUsd(amount: Nano): number {
  return Number(amount) / 1e9;
}

function grouped(whole: bigint): string {
  return whole.toString().replace(/\B(?=(\d{3})+$)/g, ',');
}
