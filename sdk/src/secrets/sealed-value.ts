import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import { SecretsExpiredError } from '../errors/catalogue.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const AUTH = { authTagLength: TAG_BYTES } as const;
/** Lives only in this process's memory; without it a sealed value is noise. */
const wrappingKey = randomBytes(32);

/**
 * A secret kept encrypted in memory, so that it does not show up as text in heap snapshots, logs
 * or error reports. It prints as `[sealed]` and can be wiped.
 */
export class SealedValue {
  #box: Buffer | undefined;

  /** @param plaintext is wiped. */
  constructor(plaintext: Buffer) {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', wrappingKey, nonce, AUTH);
    this.#box = Buffer.concat([
      nonce,
      cipher.update(plaintext),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    plaintext.fill(0);
  }

  /**
   * Decrypts the value for one use; keep the result only as long as the use takes.
   * @throws SecretsExpiredError after `wipe()`
   */
  reveal(): string {
    const box = this.#box;
    if (box === undefined) {
      throw new SecretsExpiredError('This secret has been wiped from memory.');
    }
    const nonce = box.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', wrappingKey, nonce, AUTH);
    decipher.setAuthTag(box.subarray(-TAG_BYTES));
    const plain = Buffer.concat([
      decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)),
      decipher.final(),
    ]);
    const text = plain.toString('utf8');
    plain.fill(0);
    return text;
  }

  wipe(): void {
    this.#box?.fill(0);
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
