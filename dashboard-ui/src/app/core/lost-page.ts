import { inject } from '@angular/core';
import type { NavigationError } from '@angular/router';
import { Notices } from './notices';

/**
 * A page is fetched when it is first opened. That fails while the server is away, and after an update of the server, whose pages have
 * other names: instead of a click that does nothing, it says so.
 */
export function lostPage(failure: NavigationError): void {
  inject(Notices).failed(
    'That page could not be fetched. Check that the server runs; after an update of it, reload this window.',
  );
  console.warn(`${failure.url}: ${String(failure.error)}`);
}
