import { isLoopbackHost } from '../wire/server-address.js';

/** An encoded slash, backslash or dot: what it means is decided by whoever receives it. */
const ambiguous = /%2f|%5c|%2e|\\|\/\.\./i;

/** Where a secret may be sent: origins, and the beginnings of paths below them. */
export class Places {
  /** `https://host`, or `http://host:port` on loopback. */
  readonly origins: ReadonlySet<string>;
  readonly #paths: readonly string[];

  /** @param paths empty: every path */
  constructor(origins: Iterable<string>, paths: readonly string[]) {
    this.origins = new Set(origins);
    this.#paths = paths;
  }

  includes(url: URL): boolean {
    if (!this.origins.has(url.origin)) return false;
    if (this.#paths.length === 0) return true;
    const path = url.pathname;
    if (ambiguous.test(path)) return false;
    return this.#paths.some(
      (start) => path === start || path.startsWith(start.endsWith('/') ? start : `${start}/`),
    );
  }
}

/** `https` always; `http` only for a loopback host with a port. Empty: not a host. */
export function originsOf(host: unknown): string[] {
  if (typeof host !== 'string' || !URL.canParse(`https://${host}`)) return [];
  const secure = new URL(`https://${host}`);
  const plain = host.toLowerCase();
  if (secure.host !== plain && secure.host !== plain.replace(/:443$/, '')) return [];
  const hasPort = /:\d+$/.test(host);
  return hasPort && isLoopbackHost(secure.hostname)
    ? [secure.origin, new URL(`http://${host}`).origin]
    : [secure.origin];
}
