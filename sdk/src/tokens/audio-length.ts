/** The smallest bit rate that speech is stored with: 6 kbit/s, Opus at its lowest. */
const BYTES_PER_SECOND_MIN = 750;
const WAV_HEADER_MAX = 4_096;

/** MPEG audio: bit rates in kbit/s by the four bits of a frame's header, for layer III of versions 1 and 2. */
const bitRatesOf1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const bitRatesOf2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const sampleRatesOf1 = [44_100, 48_000, 32_000];
/** How much of a file may be something else than frames (tags, padding) for the frames to be believed. */
const FOREIGN_SHARE_MAX = 0.2;

/**
 * Upper bound for the length of audio, in whole seconds: exact for WAV and MP3, by the smallest bit
 * rate for everything else.
 */
export function boundAudioSeconds(bytes: Uint8Array): number {
  const seconds = wavSeconds(bytes) ?? mp3Seconds(bytes) ?? bytes.length / BYTES_PER_SECOND_MIN;
  return Math.max(1, Math.ceil(seconds));
}

/** From the rate in the header and the size of the file: what a header says about its length is not believed. */
function wavSeconds(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 44 || textAt(bytes, 0) !== 'RIFF' || textAt(bytes, 8) !== 'WAVE') {
    return undefined;
  }
  for (let at = 12; at + 24 <= Math.min(bytes.length, WAV_HEADER_MAX);) {
    if (textAt(bytes, at) === 'fmt ') {
      const bytesPerSecond = view.getUint32(at + 16, true);
      const samplesPerSecond = view.getUint32(at + 12, true);
      const frameBytes = view.getUint16(at + 20, true);
      // The two must agree: a header with a wrong rate is not believed either.
      if (bytesPerSecond === 0 || bytesPerSecond !== samplesPerSecond * frameBytes)
        return undefined;
      return bytes.length / bytesPerSecond;
    }
    at += 8 + view.getUint32(at + 4, true);
  }
  return undefined;
}

/** Adds up the frames; undefined where too much of the file is something else. */
function mp3Seconds(bytes: Uint8Array): number | undefined {
  let at = id3Length(bytes);
  const start = at;
  let seconds = 0;
  let framed = 0;
  while (at + 4 <= bytes.length) {
    const frame = mp3Frame(bytes, at);
    if (frame === undefined) {
      at += 1;
      continue;
    }
    seconds += frame.seconds;
    framed += frame.bytes;
    at += frame.bytes;
  }
  const size = bytes.length - start;
  return framed > 0 && framed >= size * (1 - FOREIGN_SHARE_MAX) ? seconds : undefined;
}

function mp3Frame(bytes: Uint8Array, at: number): { bytes: number; seconds: number } | undefined {
  const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
  if (first !== 0xff || (second & 0xe0) !== 0xe0) return undefined;
  const version = (second >> 3) & 3; // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
  if (version === 1 || ((second >> 1) & 3) !== 1) return undefined;
  const bitRate = (version === 3 ? bitRatesOf1 : bitRatesOf2)[third >> 4] ?? 0;
  const halvings = version === 3 ? 1 : version === 2 ? 2 : 4;
  const sampleRate = (sampleRatesOf1[(third >> 2) & 3] ?? 0) / halvings;
  if (bitRate === 0 || sampleRate === 0) return undefined;
  const samples = version === 3 ? 1_152 : 576;
  const padding = (third >> 1) & 1;
  const length = Math.floor((samples * bitRate * 125) / sampleRate) + padding;
  return { bytes: length, seconds: samples / sampleRate };
}

/** An ID3 tag before the first frame, its length in four times seven bits. */
function id3Length(bytes: Uint8Array): number {
  if (bytes.length < 10 || !textAt(bytes, 0).startsWith('ID3')) return 0;
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(6, 10);
  return 10 + ((a & 127) << 21) + ((b & 127) << 14) + ((c & 127) << 7) + (d & 127);
}

function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/**
 * Tokens that a model makes of a second of audio, at most: OpenAI's make ten, Google's 25 to 32
 * ("Audio understanding").
 */
export const AUDIO_TOKENS_PER_SECOND = 40;
