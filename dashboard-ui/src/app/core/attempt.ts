import { randomId } from './random-id';

/**
 * The id of a transfer or of something new: a budget, a refill, own rates, a key. Trying the same again keeps the id, so that the money moves once, or the limit is made
 * once, even when an answer was lost; another amount, reason or end is another one.
 */
export class Attempt {
  private last: { what: string; id: string } | undefined;

  requestId(...parts: readonly string[]): string {
    const what = JSON.stringify(parts);
    if (this.last?.what !== what) this.last = { what, id: randomId() };
    return this.last.id;
  }
}
