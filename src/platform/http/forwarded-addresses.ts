import { isIP } from 'node:net';

/** `203.0.113.7:4711` and `[2001:db8::7]:4711`, as some load balancers write it. */
const WITH_PORT = /^(?:\[([0-9a-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/i;

/**
 * `X-Forwarded-For` as bare addresses. Ports go: with one, each connection would look like another client. What is no address (`unknown`)
 * hides who was in front of it, so it goes with everything to its left.
 *
 * @returns the header to use instead, or `undefined` when nothing of it says who called
 */
export function bareAddresses(header: string): string | undefined {
  const known: string[] = [];
  for (const part of header.split(',').reverse()) {
    const text = part.trim();
    const [, six, four] = WITH_PORT.exec(text) ?? [];
    const address = six ?? four ?? text;
    if (isIP(address) === 0) break;
    known.unshift(address);
  }
  return known.length > 0 ? known.join(', ') : undefined;
}
