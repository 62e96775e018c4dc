import { closeSync, openSync, readSync } from 'node:fs';

const SPACE = 0x20;
const QUOTE = 0x22;
const PADDING = 0x3d;
const PART_BYTES = 64 * 1_024;
const TOKEN_BYTES_MAX = 1_024;
const MARKER = '"bpe_ranks":"! 0 ';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Told of the tokens by rank. `token` holds `length` bytes of it, until it returns. */
export type TokenListener = (token: Uint8Array, length: number) => void;

const sextets = new Int8Array(256).fill(-1);
for (let value = 0; value < ALPHABET.length; value += 1)
  sextets[ALPHABET.charCodeAt(value)] = value;

/**
 * Reads the list `! 0 <token> <token> …` (Base64, by rank) out of a vocabulary of the `tiktoken`
 * package, part by part: neither the file nor 2 MB of parsed JSON are ever in memory.
 * @throws Error for a file of another format
 */
export function readTokens(path: string, onToken: TokenListener): void {
  const file = openSync(path, 'r');
  try {
    const part = Buffer.allocUnsafeSlow(PART_BYTES);
    const end = readSync(file, part, 0, PART_BYTES, null);
    const marker = part.subarray(0, end).indexOf(MARKER);
    if (marker < 0) throw unknownFormat();
    decode({ file, part, start: marker + MARKER.length, end }, onToken);
  } finally {
    closeSync(file);
  }
}

/** One loop for all parts: a function that is left and entered again with each is compiled again and again. */
function decode(
  source: { file: number; part: Buffer; start: number; end: number },
  onToken: TokenListener,
): void {
  const { file, part } = source;
  const token = Buffer.allocUnsafeSlow(TOKEN_BYTES_MAX);
  let index = source.start;
  let end = source.end;
  let length = 0;
  let bits = 0;
  let bitCount = 0;
  for (;;) {
    if (index === end) {
      end = readSync(file, part, 0, PART_BYTES, null);
      if (end === 0) throw unknownFormat();
      index = 0;
    }
    const character = part[index] ?? QUOTE;
    index += 1;
    const value = sextets[character] ?? -1;
    if (value >= 0) {
      bits = ((bits << 6) | value) & 0xffffff;
      bitCount += 6;
      if (bitCount < 8) continue;
      if (length === TOKEN_BYTES_MAX) throw unknownFormat();
      bitCount -= 8;
      token[length] = (bits >> bitCount) & 0xff;
      length += 1;
    } else if (character === SPACE || character === QUOTE) {
      onToken(token, length);
      if (character === QUOTE) return;
      length = bits = bitCount = 0;
    } else if (character !== PADDING) {
      throw unknownFormat();
    }
  }
}

function unknownFormat(): Error {
  return new Error('the installed tiktoken package has an unknown file format');
}
