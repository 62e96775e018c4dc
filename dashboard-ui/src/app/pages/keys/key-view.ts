import type { Schemas } from '../../api/client';
import { soonClock } from '../../core/time';

type Key = Schemas['Key'];
const DAY_MS = 86_400_000;
const ALL_SCOPES = 4;

/** Says what is odd about a key that still works; a key that nobody uses is a risk without a benefit. */
export function oddityOf(key: Key, nowMs: number): string | undefined {
  if (key.state !== 'active') return undefined;
  if (key.lastUsedAt === null && nowMs - Date.parse(key.createdAt) > DAY_MS) return 'Never used';
  if (key.lastUsedAt !== null && nowMs - Date.parse(key.lastUsedAt) > 30 * DAY_MS)
    return 'Unused for 30 days';
  return key.expiresSoon ? 'Expires soon' : undefined;
}

/** The newest address that it was used from, how many more there are, and all of them. */
export function usedFrom(key: Pick<Key, 'recentAddresses'>): { from: string; all: string } {
  const addresses = key.recentAddresses.map(({ address }) => address);
  const [newest = '', ...others] = addresses;
  return {
    from: others.length === 0 ? newest : `${newest} and ${others.length} more`,
    all: addresses.join(', '),
  };
}

/** What it may not do, in one line: models, addresses, rate, scopes; and until when the secret before the last rotation works. */
export function narrowed(key: Key, nowMs: number): string {
  const ranges = key.allowedAddresses.length;
  return [
    key.models.length > 0 ? `only ${key.models.join(', ')}` : '',
    ranges > 0
      ? `from ${key.allowedAddresses[0]}${ranges > 1 ? ` and ${ranges - 1} more` : ''}`
      : '',
    key.requestsPerMinute === null ? '' : `${key.requestsPerMinute} requests a minute`,
    key.scopes.length < ALL_SCOPES ? `may ${key.scopes.join(', ')}` : '',
    key.oldSecretUntil !== null && Date.parse(key.oldSecretUntil) > nowMs
      ? `old secret works until ${soonClock(key.oldSecretUntil, nowMs)}`
      : '',
  ]
    .filter((part) => part !== '')
    .join(' · ');
}
