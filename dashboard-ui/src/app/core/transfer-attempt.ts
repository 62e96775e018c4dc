import { randomId } from './random-id';

/**
 * The id of a transfer. Trying the same transfer again keeps the id, so that the money moves once even when an answer was lost; another
 * amount, reason or end is another transfer.
 */
export class TransferAttempt {
  private last: { what: string; id: string } | undefined;

  requestId(...parts: readonly string[]): string {
    const what = JSON.stringify(parts);
    if (this.last?.what !== what) this.last = { what, id: randomId() };
    return this.last.id;
  }
}
