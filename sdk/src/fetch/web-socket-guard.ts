import { EndpointNotMeteredError, SecretHostError } from '../errors/catalogue.js';
import { findPlaceholders } from '../secrets/placeholders.js';

/**
 * Puts a guard before `globalThis.WebSocket`: what goes through a socket cannot be metered, so none
 * may be opened to a provider, and none may carry a placeholder anywhere.
 * @param isProvider tells whose address it is, with `https:` in place of `wss:`
 * @returns a function that takes the guard away
 */
export function guardWebSockets(isProvider: (url: URL) => boolean): () => void {
  const original = globalThis.WebSocket as typeof WebSocket | undefined;
  if (original === undefined) return () => undefined; // Node 20
  const guarded = new Proxy(original, {
    construct(target, args: unknown[], newTarget) {
      refuse(String(args[0]), JSON.stringify(args[1] ?? ''), isProvider);
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  globalThis.WebSocket = guarded;
  return () => {
    if (globalThis.WebSocket === guarded) globalThis.WebSocket = original;
  };
}

function refuse(address: string, options: string, isProvider: (url: URL) => boolean): void {
  const url = URL.canParse(address) ? new URL(address.replace(/^ws/i, 'http')) : undefined;
  if (url === undefined) return; // the constructor itself refuses it
  if (isProvider(url)) {
    throw new EndpointNotMeteredError(
      `A WebSocket to ${url.host} (realtime) cannot be metered, so it is refused. Use the ` +
        "provider's HTTP endpoints, or run this call outside of Iron Cage with a key of its own.",
      { status: 400, details: { host: url.host, path: url.pathname } },
    );
  }
  if (findPlaceholders(address).length + findPlaceholders(options).length > 0) {
    throw new SecretHostError(
      `A provider key of this project was about to be sent to ${url.host} through a WebSocket. ` +
        'Nothing was sent.',
      { status: 403, details: { host: url.host } },
    );
  }
}
