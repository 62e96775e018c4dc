import { ConfigurationError } from '../errors/catalogue.js';

/** True for names and addresses that never leave this machine. */
export function isLoopbackHost(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, '');
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    /^127(?:\.\d{1,3}){3}$/.test(name)
  );
}

/**
 * Checks the address of the Iron Cage server.
 * @throws ConfigurationError for anything but `https://`, or `http://` on a loopback host.
 */
export function parseServerAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol)) {
    throw new ConfigurationError(
      'IRON_CAGE_URL must be the address of the Iron Cage server, like https://cage.example.com.',
    );
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw new ConfigurationError(
      'IRON_CAGE_URL uses http:// on a host that is not this machine: keys would travel in the ' +
        'clear. Use https://.',
    );
  }
  if (url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new ConfigurationError('IRON_CAGE_URL must not contain a user, a query or a fragment.');
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
