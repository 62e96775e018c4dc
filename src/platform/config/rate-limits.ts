/** Requests a second that may come in, on average, from one of each. */
export interface RateLimitSettings {
  readonly key: number;
  readonly organization: number;
  /** A network: an IPv4 address, or a /64 of IPv6. */
  readonly ip: number;
  readonly global: number;
  /** A person in the dashboard or on the command line. */
  readonly user: number;
  /** Refused keys of one network. */
  readonly failures: number;
}

/** Generous: they stop what has run wild, not what is busy. Guessing is another matter. */
export const DEFAULT_RATE_LIMITS: RateLimitSettings = {
  key: 5_000,
  organization: 20_000,
  ip: 10_000,
  global: 20_000,
  user: 200,
  failures: 1,
};

const ENTRY = /^([a-z]+)=(\d{1,7}(?:\.\d{1,3})?)$/;

/** @param text `key=5000,ip=10000`; what it does not name keeps its default @returns `undefined` when it is not understood */
export function readRateLimits(text: string): RateLimitSettings | undefined {
  const settings: Record<string, number> = { ...DEFAULT_RATE_LIMITS };
  for (const entry of text.split(',')) {
    const [, name = '', value = ''] = ENTRY.exec(entry.trim()) ?? [];
    if (!(name in DEFAULT_RATE_LIMITS) || !(Number(value) > 0)) return undefined;
    settings[name] = Number(value);
  }
  return { ...DEFAULT_RATE_LIMITS, ...settings };
}
