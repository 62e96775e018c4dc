import { ServerError } from '../errors/catalogue.js';

/** A factor as a fraction: 1.1 is 11/10, exactly. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export interface WireRatio {
  readonly numerator: number;
  readonly denominator: number;
}

export const whole: Ratio = { numerator: 1n, denominator: 1n };

/** @throws ServerError on anything but a fraction of whole numbers that is not negative */
export function ratioOf({ numerator, denominator }: WireRatio): Ratio {
  if (!Number.isSafeInteger(numerator) || !Number.isSafeInteger(denominator)) {
    throw new ServerError('A factor of the price table is not a fraction of whole numbers.');
  }
  if (numerator < 0 || denominator <= 0) {
    throw new ServerError('A factor of the price table is negative or has no denominator.');
  }
  return { numerator: BigInt(numerator), denominator: BigInt(denominator) };
}

export function times(...ratios: readonly Ratio[]): Ratio {
  return ratios.reduce(
    (product, ratio) => ({
      numerator: product.numerator * ratio.numerator,
      denominator: product.denominator * ratio.denominator,
    }),
    whole,
  );
}
