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
 * change its address within its network at will, so there the network counts.
 */
export function differentPlaces(
  places: readonly Place[],
  groups: AnomalyPolicy['groups'],
): readonly Place[] {
  const ranges = groups.map((group) => new AddressRanges(group.ranges));
  const newest = [...places].sort((a, b) => b.lastSeenAt.getTime() - a.lastSeenAt.getTime());
  const seen = new Map<string, Place>();
  for (const place of newest) {
    const group = ranges.findIndex((list) => list.includes(place.ip));
    const name = group >= 0 ? `group ${group}` : clientNetwork(place.ip);
    if (!seen.has(name)) seen.set(name, place);
  }
  return [...seen.values()];
}

/** The sentence that people read. */
export function summaryOf(keyName: string, places: readonly Place[]): string {
  const shown = places.slice(0, 3).map(({ ip }) => ip);
  const more = places.length - shown.length;
  const last = more > 0 ? `${more} more` : shown.pop();
  return `Key "${keyName}" was used from ${shown.join(', ')} and ${last ?? ''} at the same time.`;
}
