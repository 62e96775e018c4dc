import { VelocityExceededError } from '../errors/catalogue.js';

/** Where the server does not say when to come again. */
const DEFAULT_WAIT_SECONDS = 2;

/** Remembers that the project leases too fast: until the time the server named, asking again would only be refused again. */
export class VelocityLatch {
  #refusal: VelocityExceededError | undefined;
  #untilMs = 0;

  see(error: unknown, nowMs: number): void {
    if (!(error instanceof VelocityExceededError)) return;
    const seconds = error.details['retryAfterSeconds'];
    this.#refusal = error;
    this.#untilMs = nowMs + (typeof seconds === 'number' ? seconds : DEFAULT_WAIT_SECONDS) * 1_000;
  }

  /** @throws VelocityExceededError while the time has not come */
  check(nowMs: number): void {
    if (this.#refusal === undefined || nowMs >= this.#untilMs) return;
    const { message, status, details, requestId } = this.#refusal;
    throw new VelocityExceededError(message, {
      status,
      details: { ...details, retryAfterSeconds: (this.#untilMs - nowMs) / 1_000 },
      ...(requestId === undefined ? {} : { requestId }),
    });
  }
}
