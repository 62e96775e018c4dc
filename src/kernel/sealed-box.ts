import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/**
 * One envelope format for everything that the server encrypts: `version (1) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`, AES-256-GCM. The
 * associated data says what the bytes are and whose, so that no row can be moved, swapped or rolled back.
 */
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const KEY_BYTES = 32;

export class SealBrokenError extends Error {
  override readonly name = 'SealBrokenError';
  constructor() {
    super('the sealed bytes do not open with this key and context');
  }
}

/** @param context parts of the associated data; they are length-prefixed, so no two lists give the same bytes */
export function seal(key: Buffer, plaintext: Buffer, context: readonly string[]): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(context));
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, body, cipher.getAuthTag()]);
}

/** @throws {SealBrokenError} when key, context, version or a single bit differs */
export function open(key: Buffer, blob: Buffer, context: readonly string[]): Buffer {
  if (blob.length < 1 + NONCE_BYTES + TAG_BYTES || blob[0] !== VERSION) throw new SealBrokenError();
  const nonce = blob.subarray(1, 1 + NONCE_BYTES);
  // Without authTagLength Node would accept a tag of four bytes.
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(context));
  decipher.setAuthTag(blob.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([
      decipher.update(blob.subarray(1 + NONCE_BYTES, -TAG_BYTES)),
      decipher.final(),
    ]);
  } catch {
    throw new SealBrokenError();
  }
}

/** A key for one purpose out of a master key (HKDF-SHA256, RFC 5869). */
export function deriveKey(master: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), purpose, KEY_BYTES));
}

function associatedData(context: readonly string[]): Buffer {
  return Buffer.concat(
    context.flatMap((part) => {
      const bytes = Buffer.from(part, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
