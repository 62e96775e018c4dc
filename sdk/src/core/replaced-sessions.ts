import { findIronCageError } from '../errors/iron-cage-error.js';
import type { LeaseBook } from '../leases/lease-book.js';
import type { Transport } from '../wire/transport.js';

const END_SESSION_TIMEOUT_MS = 2_000;

/** Sessions that a later one has replaced: each ends when its last lease has been settled. */
export class ReplacedSessions {
  readonly #transport: Transport;
  readonly #book: LeaseBook;
  #ids: string[] = [];

  constructor(transport: Transport, book: LeaseBook) {
    this.#transport = transport;
    this.#book = book;
  }

  get ids(): readonly string[] {
    return this.#ids;
  }

  add(id: string): void {
    this.#ids.push(id);
  }

  /** Ends those that have no lease any more, in the background. */
  endSettled(): void {
    const done = this.#ids.filter(
      (id) => !this.#book.leases.some(({ sessionId }) => sessionId === id),
    );
    this.#ids = this.#ids.filter((id) => !done.includes(id));
    for (const id of done) void endSession(this.#transport, id, true);
  }
}

/** Ends a session on the server. A failure is harmless: it ends by its own time as well. */
export async function endSession(
  transport: Transport,
  id: string,
  background: boolean,
): Promise<void> {
  try {
    const options = { timeoutMs: END_SESSION_TIMEOUT_MS, background, sessionId: id };
    await transport.call('DELETE', `v1/sdk/sessions/${id}`, undefined, options);
  } catch (error) {
    if (findIronCageError(error) === undefined) throw error;
  } finally {
    transport.proofs.drop(id);
  }
}
