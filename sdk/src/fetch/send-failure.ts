/** Failures that happen before a request can reach the provider. */
const beforeSending = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_INVALID_URL',
]);
const DEPTH_MAX = 5;

/** True when the provider certainly did not see the request, so that it costs nothing. */
export function neverSent(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > DEPTH_MAX) return false;
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code === 'string' && beforeSending.has(code)) return true;
  // Node's fetch gives every failure of the network a cause; without one the request was invalid.
  if (depth === 0 && error instanceof TypeError && error.cause === undefined) return true;
  const several: unknown = Reflect.get(error, 'errors');
  if (Array.isArray(several) && several.length > 0) {
    return several.every((each) => neverSent(each, depth + 1));
  }
  return neverSent(Reflect.get(error, 'cause'), depth + 1);
}
