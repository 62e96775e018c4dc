import { SecretHostError } from '../errors/catalogue.js';
import { findPlaceholders, type Placeholders } from '../secrets/placeholders.js';
import type { SecretStore } from '../secrets/secret-store.js';
import type { OutgoingRequest } from './outgoing-request.js';

/** Bodies up to this length are searched: a key may have been put into one by mistake. */
const SEARCHED_BODY_MAX = 4_000_000;

/** True when a header, the address or the text of a request has a placeholder in it. */
export function carriesPlaceholder(request: OutgoingRequest): boolean {
  const body = request.textAtHand ?? '';
  return (
    request.headersWithPlaceholders.length > 0 ||
    findPlaceholders(request.url?.href ?? '').length > 0 ||
    (body.length <= SEARCHED_BODY_MAX && findPlaceholders(body).length > 0)
  );
}

/** @throws SecretHostError when a request to somebody else carries one of our placeholders */
export function refusePlaceholders(request: OutgoingRequest): void {
  if (!carriesPlaceholder(request)) return;
  throw new SecretHostError(
    `A provider key of this project was about to be sent to ${request.url?.host ?? 'a host'}, ` +
      'which is not on the list of hosts of that secret: add it there if it should be. Nothing was sent.',
    { status: 403, details: { host: request.url?.host ?? '' } },
  );
}

/** Checks that every placeholder in the headers may go to this place, and that what it stands for is here; reveals nothing yet. */
export function checkPlaceholders(
  request: OutgoingRequest,
  placeholders: Placeholders,
  secrets: SecretStore,
): void {
  if (request.url !== undefined) secrets.refuseUnavailable(request.url);
  for (const { found } of request.headersWithPlaceholders) {
    for (const placeholder of found) fieldFor(placeholder, request, placeholders, secrets);
  }
}

/** A copy of the headers with the real keys in place of the placeholders, and with those that secrets set themselves. */
export function revealHeaders(
  request: OutgoingRequest,
  placeholders: Placeholders,
  secrets: SecretStore,
): Headers {
  const headers = new Headers(request.headers);
  for (const { name, value, found } of request.headersWithPlaceholders) {
    let revealed = value;
    for (const placeholder of found) {
      const field = fieldFor(placeholder, request, placeholders, secrets);
      revealed = revealed.replaceAll(placeholder, () => field.value.reveal());
    }
    headers.set(name, revealed);
  }
  if (request.url !== undefined) {
    for (const [name, value] of secrets.headersFor(request.url)) headers.set(name, value);
  }
  return headers;
}

function fieldFor(
  placeholder: string,
  request: OutgoingRequest,
  placeholders: Placeholders,
  secrets: SecretStore,
) {
  const variable = placeholders.variableOf(placeholder);
  const field = variable === undefined ? undefined : secrets.field(variable);
  const { url } = request;
  if (field !== undefined && url !== undefined && field.places.includes(url)) return field;
  if (url !== undefined) secrets.refuseUnavailable(url, variable);
  const place = url === undefined ? '' : url.origin + url.pathname;
  throw new SecretHostError(refusal(variable, field !== undefined, place), {
    status: 403,
    details: { variable: variable ?? null, origin: url?.origin ?? '' },
  });
}

function refusal(variable: string | undefined, isKnown: boolean, place: string): string {
  if (variable === undefined) return 'The placeholder of a key comes from another process.';
  return isKnown
    ? `${variable} may not be sent to ${place}: add the host and path to the secret if it should be.`
    : `The project has no secret for ${variable}: link one to it in the dashboard.`;
}
