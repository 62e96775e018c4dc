import { exactUsd, nano } from '../../core/money';
import { knownPrice, RATE_KINDS, type Rates } from './rate-kinds';

/** "input $0.20, output $1.60, cache read $0.02, web search $0.01" */
export function ratesText(rates: Partial<Rates>): string {
  return RATE_KINDS.flatMap((kind) => {
    const wire = rates[kind.name];
    return wire === undefined ? [] : [`${kind.word} ${exactUsd(knownPrice(kind, nano(wire)))}`];
  }).join(', ');
}
