import type { Nano } from '../../kernel/money.js';
import { BUCKETS, type Bucket, type Rates } from '../domain/pricing.js';

/** Rates as people write them: nano-dollars per million tokens are pico-dollars per thousand times one token. */
const NANO_PER_MILLION_IN_PICO = 1_000n;

type Given<T> = Partial<Record<Bucket, T | undefined>>;
export type MillionRates = { input: Nano; output: Nano } & Partial<
  Record<Exclude<Bucket, 'input' | 'output'>, Nano>
>;

/** Dollars per million tokens, as nano-dollars, to pico-dollars per token; exact, because the contract refuses finer ones. */
export function ratesOf(perMillion: Given<Nano>): Rates {
  return pick(perMillion, (nano) => (nano / NANO_PER_MILLION_IN_PICO).toString());
}

export function perMillionOf(rates: Rates): MillionRates {
  const perMillion = pick(rates, (pico) => BigInt(pico) * NANO_PER_MILLION_IN_PICO);
  return { ...perMillion, input: perMillion.input ?? 0n, output: perMillion.output ?? 0n };
}

function pick<From, To>(
  given: Given<From>,
  convert: (value: From) => To,
): Partial<Record<Bucket, To>> {
  return Object.fromEntries(
    BUCKETS.flatMap((bucket) => {
      const value = given[bucket];
      return value === undefined ? [] : [[bucket, convert(value)]];
    }),
  );
}
