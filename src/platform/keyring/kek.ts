import { createHash } from 'node:crypto';
import { deriveKey, open, seal } from '../../kernel/sealed-box.js';

/** One master key, as what it is used for: wrapping other keys. Its id says which one it is and nothing about it. */
export class Kek {
  readonly id: string;
  private readonly wrappingKey: Buffer;

  /** @param master 32 bytes */
  constructor(master: Buffer) {
    const id = createHash('sha256').update(deriveKey(master, 'iron-cage/kek-id'));
    this.id = id.digest('hex').slice(0, 16);
    this.wrappingKey = deriveKey(master, 'iron-cage/kek-wrap');
  }

  wrap(key: Buffer, context: readonly string[]): Buffer {
    return seal(this.wrappingKey, key, ['kek', this.id, ...context]);
  }

  /** @throws {SealBrokenError} */
  unwrap(wrapped: Buffer, context: readonly string[]): Buffer {
    return open(this.wrappingKey, wrapped, ['kek', this.id, ...context]);
  }

  wipe(): void {
    this.wrappingKey.fill(0);
  }
}
