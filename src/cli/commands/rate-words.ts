import { type Nano, showMoney } from '../../kernel/money.js';

/** Rates in the server's form: by name, in dollars per million. */
export type WireRates = Readonly<Record<string, string>>;

interface Kind {
  readonly word: string;
  /** How many units the price is for that people know. */
  readonly units: bigint;
}

const MILLION = 1_000_000n;
const NEVER_TOKENS: Readonly<Record<string, Kind>> = {
  calls: { word: 'call', units: 1n },
  webSearches: { word: 'web search', units: 1n },
  fileSearches: { word: 'file search', units: 1n },
  containers: { word: 'container', units: 1n },
  audioSeconds: { word: 'minute of audio', units: 60n },
  characters: { word: 'million characters', units: MILLION },
  searchUnits: { word: 'search unit', units: 1n },
};

/** `input $0.20, cache write 5m $0.25, web search $0.01`: tokens by the million, what is no token by what people buy. */
export function ratesText(rates: WireRates): string {
  return Object.entries(rates)
    .map(([name, perMillion]) => `${wordOf(name)} ${priceOf(name, perMillion)}`)
    .join(', ');
}

/** Whether a model has no price for tokens, but for something else. */
export function isPaidByUnit(rates: WireRates): boolean {
  const prices = Object.entries(rates).filter(([, rate]) => nanoOf(rate) > 0n);
  return prices.length > 0 && prices.every(([name]) => name in NEVER_TOKENS);
}

/** `cacheWrite5m` as `cache write 5m`. */
function wordOf(name: string): string {
  const known = NEVER_TOKENS[name]?.word;
  return known ?? name.replace(/[A-Z]|\d\w$/g, (part) => ` ${part.toLowerCase()}`);
}

/** Below a billionth of a dollar it is cut off. */
function priceOf(name: string, perMillion: string): string {
  const { units = MILLION } = NEVER_TOKENS[name] ?? {};
  return showMoney((nanoOf(perMillion) * units) / MILLION);
}

/** Of an answer, which has all nine decimals. */
function nanoOf(wire: string): Nano {
  return BigInt(wire.replace('.', ''));
}
