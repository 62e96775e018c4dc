import { AddressRanges } from '../../kernel/address-ranges.js';
import { clientNetwork } from '../../kernel/client-network.js';
import type { AnomalyPolicy } from './policy.js';

/** An address from which a key was used, and when last. */
export interface Place {
  readonly ip: string;
  readonly lastSeenAt: Date;
}

/**
 * The places that count as different ones, one of each, the newest first. More than one is one key in several hands. An IPv6 host may
 * change its address within its network at will, so there the network counts. Places are compared within one family of addresses: a host
 * that has both, as `127.0.0.1` and `::1`, uses now the one and now the other.
 */
export function differentPlaces(
  places: readonly Place[],
  groups: AnomalyPolicy['groups'],
): readonly Place[] {
  const ranges = groups.map((group) => new AddressRanges(group.ranges));
  const newest = [...places].sort((a, b) => b.lastSeenAt.getTime() - a.lastSeenAt.getTime());
  const families = { four: new Map<string, Place>(), six: new Map<string, Place>() };
  for (const place of newest) {
    const network = clientNetwork(place.ip);
    const group = ranges.findIndex((list) => list.includes(place.ip));
    const name = group >= 0 ? `group ${group}` : network;
    const seen = network.includes(':') ? families.six : families.four;
    if (!seen.has(name)) seen.set(name, place);
  }
  const { four, six } = families;
  return [...(six.size > four.size ? six : four).values()];
}

/** The sentence that people read. */
export function summaryOf(keyName: string, places: readonly Place[]): string {
  const shown = places.slice(0, 3).map(({ ip }) => ip);
  const more = places.length - shown.length;
  const last = more > 0 ? `${more} more` : shown.pop();
  return `Key "${keyName}" was used from ${shown.join(', ')} and ${last ?? ''} at the same time.`;
}
