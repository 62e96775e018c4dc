import { looksMetered } from '../providers/endpoints.js';
import { isKnownProviderHost } from '../providers/known-hosts.js';
import { carriesPlaceholder } from './header-secrets.js';
import type { OutgoingRequest } from './outgoing-request.js';

/**
 * What to do with a request while the project's hosts are not known yet.
 * - `ours`: it goes to a provider or carries one of our placeholders; without a session it may not leave
 * - `perhaps`: it looks like a call to a model; when the start fails it is somebody else's affair
 * - `foreign`: it need not wait
 */
export type EarlyRequest = 'ours' | 'perhaps' | 'foreign';

export function earlyRequest(request: OutgoingRequest): EarlyRequest {
  const { url, method, isStainless } = request;
  if (carriesPlaceholder(request)) return 'ours';
  if (url === undefined) return 'foreign';
  if (isKnownProviderHost(url)) return 'ours';
  return isStainless || looksMetered(method, url) ? 'perhaps' : 'foreign';
}
