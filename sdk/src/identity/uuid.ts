import { randomFillSync } from 'node:crypto';

const BYTES = 16;
/** Randomness for many ids at once: asking for it costs more than everything else here. */
const pool = Buffer.alloc(BYTES * 256);
let used = pool.length;

/** A UUIDv7 (RFC 9562): time-ordered, so that the server's unique indexes stay compact. */
export function uuidV7(wallMs: number): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + BYTES);
  used += BYTES;
  random.writeUIntBE(Math.max(0, Math.floor(wallMs)), 0, 6);
  random.writeUInt8(((random[6] ?? 0) & 0x0f) | 0x70, 6);
  random.writeUInt8(((random[8] ?? 0) & 0x3f) | 0x80, 8);
  const hex = random.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
