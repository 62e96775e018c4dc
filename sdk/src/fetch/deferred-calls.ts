import type { Cancel, Clock } from '../identity/clock.js';
import { isObject, textOf } from '../providers/call-plan.js';

const WAITING_MAX = 10_000;

/**
 * Calls whose work goes on at the provider after the answer, by the id that they can be asked for
 * with. Their hold stands until the end is seen, or until the deadline: then all of it counts.
 */
export class DeferredCalls<Call> {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #onDeadline: (call: Call) => void;
  readonly #waiting = new Map<string, { readonly call: Call; readonly cancel: Cancel }>();

  constructor(clock: Clock, deadlineMs: number, onDeadline: (call: Call) => void) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#onDeadline = onDeadline;
  }

  /** @returns false for an answer that names no id, and when too many wait already */
  add(answer: unknown, call: Call): boolean {
    const id = isObject(answer) ? textOf(answer['id']) : '';
    if (id === '' || this.#waiting.has(id) || this.#waiting.size >= WAITING_MAX) return false;
    const cancel = this.#clock.schedule(this.#deadlineMs, () => {
      for (const [name, { call: other }] of this.#waiting) {
        if (other === call) this.#waiting.delete(name);
      }
      this.#onDeadline(call);
    });
    this.#waiting.set(id, { call, cancel });
    return true;
  }

  /** The call that a request asks about, if it waits. */
  at(path: string): { readonly id: string; readonly call: Call } | undefined {
    if (this.#waiting.size === 0) return undefined;
    const [, id = ''] = /\/([^/]+)(?:\/(?:cancel|results|content))?$/.exec(path) ?? [];
    const found = this.#waiting.get(id);
    return found && { id, call: found.call };
  }

  /** The results of a call will be found under another id, too. */
  alsoAt(id: string, other: string): void {
    const found = this.#waiting.get(id);
    if (found !== undefined) this.#waiting.set(other, found);
  }

  /** The end of a call was seen. */
  remove(call: Call): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.call !== call) continue;
      waiting.cancel();
      this.#waiting.delete(id);
    }
  }
}
