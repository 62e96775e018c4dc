import { createHmac, hash, type KeyObject } from 'node:crypto';

/** In lower case, as Node reads headers. */
export const PROOF_HEADER = 'iron-cage-proof';

/** How far the time of a proof may be from the server's, either way. */
export const PROOF_WINDOW_MS = 30_000;

/** What a session shows with a request; docs/sdk-protocol.md, "Sender binding", has the form and an example to check against. */
export interface SenderProof {
  readonly sessionId: string;
  /** As it came with the key: which secret of the server it was made of. */
  readonly keyVersion: number;
  /** Milliseconds since the Unix epoch, as they were written: the text is what the MAC covers. */
  readonly time: string;
  /** HMAC-SHA256, base64url. */
  readonly mac: string;
}

/** A request as it came over the wire: nothing decoded, nothing normalised. */
export interface SentRequest {
  /** In upper case. */
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Without a body: no bytes. */
  readonly body: Uint8Array;
  readonly bearer: string;
}

const FORM =
  /^1\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([1-9]\d{0,8})\.([1-9]\d{0,14})\.([A-Za-z0-9_-]{43})$/;

/** @returns `undefined` for everything that is not exactly one proof of version 1 */
export function parseProof(header: string): SenderProof | undefined {
  const [, sessionId, version, time, mac] = FORM.exec(header) ?? [];
  if (sessionId === undefined || time === undefined || mac === undefined) return undefined;
  return { sessionId, keyVersion: Number(version), time, mac };
}

export function printProof({ sessionId, keyVersion, time, mac }: SenderProof): string {
  return `1.${sessionId}.${keyVersion}.${time}.${mac}`;
}

/** What the MAC covers. No part can hold a line feed, so no two requests have the same text. */
export function proofText(
  { method, path, body, bearer }: SentRequest,
  { sessionId, time }: Pick<SenderProof, 'sessionId' | 'time'>,
): string {
  return [
    'iron-cage-proof/1',
    method,
    path,
    hash('sha256', body, 'base64url'),
    sessionId,
    time,
    hash('sha256', bearer, 'base64url'),
  ].join('\n');
}

/** @param key of the session, 32 bytes */
export function proofMac(
  key: KeyObject,
  request: SentRequest,
  proof: Pick<SenderProof, 'sessionId' | 'time'>,
): string {
  return createHmac('sha256', key).update(proofText(request, proof)).digest('base64url');
}
