import type { Schemas } from '../../api/client';
import { exactUsd, nano } from '../../core/money';
import { knownPrice, RATE_KINDS, type RateKind, type RateName } from './rate-kinds';

type ListedUnit = Schemas['OtherRate']['unit'];
type AnyRates = Readonly<Partial<Record<RateName | ListedUnit, string | undefined>>>;
type Word = Pick<RateKind, 'word' | 'units'> & { readonly name: keyof AnyRates };

/** What only the price table has. */
const LISTED_ONLY: readonly Word[] = [
  { name: 'imageInput', word: 'image input' },
  { name: 'videoInput', word: 'video input' },
  { name: 'audioCacheRead', word: 'audio cache read' },
  { name: 'imageCacheRead', word: 'image cache read' },
  { name: 'imageOutput', word: 'image output' },
  { name: 'videoOutput', word: 'video output' },
  { name: 'calls', word: 'call', units: 1n },
];
const WORDS: readonly Word[] = [...RATE_KINDS, ...LISTED_ONLY];

/** "input $0.20, output $1.60, cache read $0.02, web search $0.01" */
export function ratesText(rates: AnyRates): string {
  return WORDS.flatMap((kind) => {
    const wire = rates[kind.name];
    return wire === undefined ? [] : [`${kind.word} ${exactUsd(knownPrice(kind, nano(wire)))}`];
  }).join(', ');
}
