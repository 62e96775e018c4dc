import type { Schemas } from '../../api/client';
import { exactUsd, nano } from '../../core/money';
import { UNIT_RATES } from './rate-kinds';
import { ratesText } from './rates-text';

export type Listed = Schemas['Price'];
type Other = Listed['otherRates'][number];

const UNITS: ReadonlySet<string> = new Set(['calls', ...UNIT_RATES.map(({ name }) => name)]);

/** What a row of the price table shows. */
export interface ListedText {
  readonly input: string;
  readonly cached: string;
  readonly output: string;
  /** What else is paid, in words; may be empty. */
  readonly others: string;
  /** No token has a price, but something else has one. */
  readonly isByUnit: boolean;
}

export function listedText(row: Listed): ListedText {
  const isByUnit = isPaidByUnit(row);
  const amount = (wire: string | null) => (wire === null || isByUnit ? '–' : exactUsd(nano(wire)));
  return {
    input: amount(row.inputPerMillion),
    cached: amount(row.cacheReadPerMillion),
    output: amount(row.outputPerMillion),
    others: ratesText(otherRatesOf(row)),
    isByUnit,
  };
}

export function otherRatesOf({ otherRates }: Listed): Partial<Record<Other['unit'], string>> {
  return Object.fromEntries(otherRates.map(({ unit, rate }) => [unit, rate]));
}

function isPaidByUnit({ inputPerMillion, outputPerMillion, otherRates }: Listed): boolean {
  const paid = otherRates.filter(({ rate }) => nano(rate) > 0n);
  const tokens = [inputPerMillion, outputPerMillion].some((wire) => nano(wire ?? '0') > 0n);
  return !tokens && paid.length > 0 && paid.every(({ unit }) => UNITS.has(unit));
}
