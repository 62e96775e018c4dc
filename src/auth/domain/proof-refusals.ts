import { AppError } from '../../kernel/errors.js';
import { PROOF_WINDOW_MS } from '../../kernel/sender-proof.js';

export function proofRequired(): AppError {
  return new AppError(
    'PROOF_REQUIRED',
    'The project wants a proof with every request of a session: the header Iron-Cage-Proof, as docs/sdk-protocol.md describes it. Update the SDK, see that no proxy drops the header, or turn it off: iron-cage project set <project> --sender-binding off',
    { internal: 'no proof, and the project requires one' },
  );
}

export function proofInvalid(why: string): AppError {
  return new AppError(
    'PROOF_INVALID',
    'The header Iron-Cage-Proof does not fit this request, this key and that session. Sign method, path and body exactly as they are sent; when a proof was good before, start a new session.',
    { internal: `proof refused: ${why}` },
  );
}

/** @param nowMs by the server's clock */
export function proofExpired(nowMs: number): AppError {
  return new AppError(
    'PROOF_EXPIRED',
    `The time in the header Iron-Cage-Proof is more than ${PROOF_WINDOW_MS / 1_000} seconds from the server's. Count from details.serverTime, and send the request again with a new proof.`,
    { details: { serverTime: nowMs }, internal: 'proof out of time' },
  );
}

/** @param retryAfterSeconds when it may be different */
export function proofOfOtherSession(retryAfterSeconds?: number): AppError {
  return new AppError(
    'PROOF_OF_OTHER_SESSION',
    'The header Iron-Cage-Proof is of another session than the one that the request is about. Only reports may be sent for another session of the same key, and only when that one has ended or was not heard of for a minute.',
    {
      internal: 'proof of another session',
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    },
  );
}
