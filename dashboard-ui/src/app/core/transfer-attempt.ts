import { randomId } from './random-id';

/**
 * The id of a transfer. Trying the same transfer again keeps the id, so that the money moves once even when an answer was lost; another
 * amount or reason is another transfer.
 */
export class TransferAttempt {
  private last: { what: string; id: string } | undefined;

  requestId(amount: string, reason: string): string {
    const what = JSON.stringify([amount, reason]);
    if (this.last?.what !== what) this.last = { what, id: randomId() };
    return this.last.id;
  }
}
