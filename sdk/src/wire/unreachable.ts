import { ServerError } from '../errors/catalogue.js';

/** The server did not answer, or said that it cannot now: the same message may be sent again. */
export class UnreachableError extends ServerError {
  static override readonly code = 'UNREACHABLE';
  /** False when the request surely never reached the server, or changed nothing there. */
  readonly mayHaveArrived: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, mayHaveArrived: boolean, retryAfterMs?: number, cause?: unknown) {
    super(message, { status: 503, ...(cause === undefined ? {} : { cause }) });
    this.mayHaveArrived = mayHaveArrived;
    this.retryAfterMs = retryAfterMs;
  }
}
