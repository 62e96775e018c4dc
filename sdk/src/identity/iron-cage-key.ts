import { ConfigurationError } from '../errors/catalogue.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const pattern = /^(ic_(dev|live)_([0-9A-Za-z]{8})_[0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;
const table = crcTable();

export interface IronCageKeyParts {
  readonly environment: 'dev' | 'live';
  /** The public part: it may be logged and written to the journal. */
  readonly id: string;
}

/**
 * Checks a key offline, by form and CRC-32, before the server is asked.
 * @throws ConfigurationError that never repeats the key.
 */
export function parseIronCageKey(key: string): IronCageKeyParts {
  const match = pattern.exec(key);
  if (match === null) {
    throw new ConfigurationError(
      'IRON_CAGE_KEY does not look like an Iron Cage key (ic_dev_… or ic_live_…, 54 or 55 ' +
        'characters). Copy it again from where it was created.',
      { status: 401 },
    );
  }
  const [, body = '', environment, id = '', checksum] = match;
  if (checksumOf(body) !== checksum) {
    throw new ConfigurationError(
      'IRON_CAGE_KEY is mistyped or cut: its checksum does not fit. Copy it again.',
      { status: 401 },
    );
  }
  return { environment: environment === 'live' ? 'live' : 'dev', id };
}

/** CRC-32 (IEEE) of the text, as six base-62 digits. */
export function checksumOf(body: string): string {
  let crc = 0xffffffff;
  for (let index = 0; index < body.length; index += 1) {
    crc = (table[(crc ^ body.charCodeAt(index)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let digits = '';
  while (rest > 0) {
    digits = ALPHABET.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits.padStart(6, '0');
}

function crcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) {
      value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    }
    return value >>> 0;
  });
}
