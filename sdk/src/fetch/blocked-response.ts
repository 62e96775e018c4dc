import type { IronCageError } from '../errors/iron-cage-error.js';

/**
 * The answer that stops a Stainless client at once. A plain throw would be retried and wrapped;
 * this one is neither: `x-should-retry` is false, and reading `ok` throws the true error.
 */
export function blockedResponse(error: IronCageError): Response {
  const body = JSON.stringify({ error: { code: error.code, message: error.message } });
  const response = new Response(body, {
    status: error.status >= 400 && error.status <= 599 ? error.status : 402,
    headers: { 'content-type': 'application/json', 'x-should-retry': 'false' },
  });
  Object.defineProperty(response, 'ok', {
    get() {
      throw error;
    },
  });
  return response;
}
