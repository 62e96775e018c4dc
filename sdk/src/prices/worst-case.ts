import type { NanoUsd } from '../money/money.js';
import { costAt, type ModelPrice, type Rates } from './price-table.js';
import { tokenUsage, UNIT_BUCKETS, type Bucket, type Units } from './usage.js';

/** What a call may use at most, and into which buckets its tokens may fall. */
export interface CallBound {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly inputBuckets: readonly Bucket[];
  readonly outputBuckets: readonly Bucket[];
  /** What is not paid by the token. */
  readonly units?: Units;
}

/** The most that the call can cost, whichever bucket its tokens fall into. */
export function worstCost(price: ModelPrice, bound: CallBound): NanoUsd {
  return possibleRates(price, bound.inputTokens).reduce((worst, rates) => {
    const cost = costAt(
      pickedRates(rates, bound),
      tokenUsage({ ...bound.units, input: bound.inputTokens, output: bound.outputTokens }),
      price.markup,
    );
    return cost > worst ? cost : worst;
  }, 0n);
}

/** How many output tokens fit beside the input of `bound`; -1 when not even the input fits. */
export function affordableOutput(price: ModelPrice, bound: CallBound, amountNano: NanoUsd): number {
  let fewest = Number.MAX_SAFE_INTEGER;
  const { numerator, denominator } = price.markup;
  // The cost is rounded up to a whole nano-dollar: it fits as long as the exact one does.
  const picoBeforeMarkup = (amountNano * 1_000n * denominator) / numerator;
  for (const rates of possibleRates(price, bound.inputTokens)) {
    const { input, output } = pickedRates(rates, bound);
    const fixed = rates.call + unitsPico(rates, bound.units);
    const left = picoBeforeMarkup - fixed - BigInt(bound.inputTokens) * input;
    if (left < 0n) return -1;
    if (output > 0n) fewest = Math.min(fewest, Number(left / output));
  }
  return fewest;
}

/** The base rates, and those of every tier that the input might reach. */
function possibleRates(price: ModelPrice, inputTokens: number): Rates[] {
  const reached = price.tiers.filter(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
  return [price.rates, ...reached.map(({ rates }) => rates)];
}

function unitsPico(rates: Rates, units: Units = {}): bigint {
  return UNIT_BUCKETS.reduce((sum, unit) => sum + BigInt(units[unit] ?? 0) * rates[unit], 0n);
}

function pickedRates(rates: Rates, bound: CallBound): Rates {
  const highest = (buckets: readonly Bucket[]): bigint =>
    buckets.reduce((most, bucket) => (rates[bucket] > most ? rates[bucket] : most), 0n);
  return { ...rates, input: highest(bound.inputBuckets), output: highest(bound.outputBuckets) };
}
