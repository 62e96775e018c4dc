import { createHash, createHmac } from 'node:crypto';

/** The header that proves that a request was made by its session. */
export const PROOF_HEADER = 'iron-cage-proof';

/** A request as it leaves: nothing may change on the way but what stands in front of the path. */
export interface SignedRequest {
  readonly method: string;
  /** With its query, from the address of the server on: `/v1/sdk/leases`. */
  readonly path: string;
  readonly body: Buffer | undefined;
  readonly bearer: string;
}

export interface ProofTerms {
  readonly sessionId: string;
  readonly keyVersion: number;
  /** The server's clock, milliseconds since 1970. */
  readonly timeMs: number;
}

/**
 * Value of the header `Iron-Cage-Proof`: HMAC-SHA256 over everything that a request says. The form is that of
 * docs/sdk-protocol.md, "Sender binding".
 * @param key 32 bytes
 */
export function proofHeader(request: SignedRequest, terms: ProofTerms, key: Buffer): string {
  const time = terms.timeMs.toString();
  const text = [
    'iron-cage-proof/1',
    request.method,
    request.path,
    sha256(request.body ?? ''),
    terms.sessionId,
    time,
    sha256(request.bearer),
  ].join('\n');
  const mac = createHmac('sha256', key).update(text).digest('base64url');
  return `1.${terms.sessionId}.${terms.keyVersion.toString()}.${time}.${mac}`;
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
