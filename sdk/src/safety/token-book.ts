import { createHmac, randomBytes } from 'node:crypto';

import { tokenName } from './policy.js';

const ENTRIES_MAX = 100_000;
const caseless = new Set(['email', 'iban', 'mac', 'ip']);

/** `[EMAIL_1]`, in any text. */
export const tokenPattern = /\[([A-Z][A-Z0-9_]{0,40})_(\d{1,7})\]/g;

/**
 * Numbers the values that were found. The same value always gets the same token, so that providers' prompt caches still
 * hit. It keeps keyed digests, not the values: it must not become a collection of them.
 */
export class TokenBook {
  readonly #secret = randomBytes(32);
  readonly #numbers = new Map<string, number>();
  readonly #counts = new Map<string, number>();
  readonly #issued = new Map<string, Set<number>>();
  readonly #reserved = new Map<string, Set<number>>();

  tokenOf(type: string, value: string): string {
    const name = tokenName(type);
    const digest = createHmac('sha256', this.#secret)
      .update(`${name}\0${plain(type, value)}`)
      .digest('base64');
    let number = this.#numbers.get(digest);
    if (number === undefined) {
      number = this.#next(name);
      if (this.#numbers.size >= ENTRIES_MAX) this.#forgetOldest();
      this.#numbers.set(digest, number);
    }
    return `[${name}_${number.toString()}]`;
  }

  /** Somebody wrote what looks like a token: that number is not given out any more, so that it stays what it is. */
  reserve(name: string, number: number): void {
    if (this.#issued.get(name)?.has(number) === true) return;
    const numbers = this.#reserved.get(name) ?? new Set();
    if (numbers.size < ENTRIES_MAX) numbers.add(number);
    this.#reserved.set(name, numbers);
  }

  #next(name: string): number {
    const reserved = this.#reserved.get(name);
    let number = (this.#counts.get(name) ?? 0) + 1;
    while (reserved?.has(number) === true) number += 1;
    this.#counts.set(name, number);
    const issued = this.#issued.get(name) ?? new Set();
    this.#issued.set(name, issued.add(number));
    return number;
  }

  #forgetOldest(): void {
    const oldest = this.#numbers.keys().next();
    if (oldest.done !== true) this.#numbers.delete(oldest.value);
  }
}

/** Ways to write the same value are one. */
function plain(type: string, value: string): string {
  if (caseless.has(type)) return value.toLowerCase().replace(/ /g, '');
  if (type === 'secret' || type === 'wallet') return value;
  return value.replace(/[ .()-]/g, '');
}
