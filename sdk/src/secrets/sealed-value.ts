import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import { SecretsExpiredError } from '../errors/catalogue.js';

/**
 * A secret kept encrypted in memory, so that it does not show up as text in heap snapshots, logs
 * or error reports. It prints as `[sealed]` and can be wiped. The cipher is a one-time pad in a
 * buffer of its own: a call needs the value within microseconds, and whoever can read this
 * process's memory at will would find the key of any other cipher beside it as well.
 */
export class SealedValue {
  #box: Buffer | undefined;
  readonly #pad: Buffer;

  /** @param plaintext is wiped. */
  constructor(plaintext: Buffer) {
    this.#pad = randomBytes(plaintext.length);
    this.#box = Buffer.alloc(plaintext.length);
    mix(plaintext, this.#pad, this.#box);
    plaintext.fill(0);
  }

  /**
   * Decrypts the value for one use; keep the result only as long as the use takes.
   * @throws SecretsExpiredError after `wipe()`
   */
  reveal(): string {
    return this.use((plain) => plain.toString('utf8'));
  }

  /**
   * Runs `task` with the bytes, which are wiped when it returns.
   * @throws SecretsExpiredError after `wipe()`
   */
  use<Result>(task: (plain: Buffer) => Result): Result {
    const box = this.#box;
    if (box === undefined) {
      throw new SecretsExpiredError('This secret has been wiped from memory.');
    }
    const plain = Buffer.alloc(box.length);
    mix(box, this.#pad, plain);
    try {
      return task(plain);
    } finally {
      plain.fill(0);
    }
  }

  /** Under a pad of its own; wiping one leaves the other. @throws SecretsExpiredError after `wipe()` */
  copy(): SealedValue {
    return new SealedValue(Buffer.from(this.reveal(), 'utf8'));
  }

  wipe(): void {
    this.#box?.fill(0);
    this.#pad.fill(0);
    this.#box = undefined;
  }

  toString(): string {
    return '[sealed]';
  }

  toJSON(): string {
    return '[sealed]';
  }

  [inspect.custom](): string {
    return '[sealed]';
  }
}

/** Exclusive or of two buffers of the same length. */
function mix(from: Buffer, pad: Buffer, to: Buffer): void {
  for (let index = 0; index < from.length; index += 1) {
    to[index] = (from[index] ?? 0) ^ (pad[index] ?? 0);
  }
}
