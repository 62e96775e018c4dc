import { randomFillSync } from 'node:crypto';
import { systemClock } from './clock.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

const ID_BYTES = 16;
/** Random bytes are asked for in bulk: one call costs the same for one id as for hundreds. */
const pool = Buffer.alloc(ID_BYTES * 256);
let used = pool.length;

function randomBytes16(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return pool.subarray(used - ID_BYTES, used);
}

let lastMs = 0;
let counter = 0;

/**
 * A UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, 12 bits that count within the millisecond (section 6.2, method 1) and 62
 * random bits. Ids of one process sort in the order in which they were made.
 *
 * @param nowMs milliseconds since the Unix epoch; a clock that steps back does not make an id sort before an earlier one
 */
export function newId(nowMs: number = systemClock.now()): string {
  const bytes = randomBytes16();
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = 0;
  } else if (++counter > 0xfff) {
    lastMs += 1;
    counter = 0;
  }
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | counter, 6);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return uuidOf(bytes);
}

const LAST_MS = 2 ** 48 - 1;

/**
 * Not above any {@link newId} made at that time or later: turns a time into a bound of ids that sort by time.
 *
 * @param ms milliseconds since the Unix epoch; what no id can hold becomes the nearest that one can
 */
export function leastIdAt(ms: number): string {
  const bytes = Buffer.alloc(ID_BYTES);
  bytes.writeUIntBE(Math.min(Math.max(Math.floor(ms), 0), LAST_MS), 0, 6);
  bytes[6] = 0x70;
  bytes[8] = 0x80;
  return uuidOf(bytes);
}

/** The text form of sixteen bytes whose version and variant bits are set already. */
export function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
