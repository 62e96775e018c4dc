import { boundText, tokenizerOf } from '../tokens/text-bound.js';
import type { FoldedUsage } from '../usage/usage-reading.js';
import type {
  CallPlan,
  CallTarget,
  Endpoint,
  JsonObject,
  SeenUsage,
  StreamReader,
} from './call-plan.js';
import { isObject, textOf } from './call-plan.js';
import { modelOf } from './openai-common.js';
import { toldUsage } from './told-usage.js';

/** Spoken audio is about 21 tokens a second; the slowest speech of the shortest words takes four a byte. */
const TOKENS_PER_BYTE = 4;
/** Digits and signs are spoken as words. */
const TOKENS_PER_SIGN = 16;
const TOKENS_AROUND = 1_000;
const TOKENS_PER_SECOND = 25;
/** 16 bits, 24,000 times a second, one channel. */
const PCM_BYTES_PER_SECOND = 48_000;
/** No other format that speech is sent in is smaller. */
const OTHER_BYTES_PER_SECOND = 1_500;

/** `POST …/audio/speech`: paid by the character or by the token of audio. */
export const openAiSpeech: Endpoint = {
  name: 'speech',
  answersBytes: true,
  plan: planSpeech,
  limitOutput: () => undefined, // the text is what limits it
  askForUsage: () => false,
  readUsage: () => undefined, // the whole answer is sound
  streamReader: (plan) => new SpeechReader(plan),
};

function planSpeech(body: JsonObject, { provider, url }: CallTarget): CallPlan {
  const model = modelOf(body, url);
  const tokenizer = tokenizerOf(provider, model);
  const input = textOf(body['input']);
  const signs = input.replace(/[\p{L}\s]/gu, '').length;
  const output =
    Buffer.byteLength(input) * TOKENS_PER_BYTE + signs * TOKENS_PER_SIGN + TOKENS_AROUND;
  const isRaw = ['pcm', 'wav'].includes(textOf(body['response_format']));
  return {
    provider,
    model,
    inputTokens: boundText(tokenizer, input) + boundText(tokenizer, textOf(body['instructions'])),
    unbounded: [],
    refused: typeof body['input'] === 'string' ? [] : ['an input that is not text'],
    requestedOutput: output,
    smallestOutput: output,
    choices: 1,
    hasOutput: true,
    inputBuckets: ['input'],
    outputBuckets: ['output', 'audioOutput'],
    hidesReasoning: false,
    streams: true,
    modifiers: [],
    tokenizer,
    units: { characters: input.length },
    bytesPerSecond: isRaw ? PCM_BYTES_PER_SECOND : OTHER_BYTES_PER_SECOND,
  };
}

/** Counts the sound itself; with `stream_format: 'sse'` the last event tells the tokens. */
class SpeechReader implements StreamReader {
  readonly #plan: CallPlan;
  #bytes = 0;
  #told: FoldedUsage | undefined;

  constructor(plan: CallPlan) {
    this.#plan = plan;
  }

  see(data: unknown): boolean {
    if (!isObject(data)) return true;
    this.#bytes += (textOf(data['audio']).length * 3) / 4;
    this.#told = toldUsage(this.#plan.provider, 'responses', data) ?? this.#told;
    return true;
  }

  seeBytes(count: number): void {
    this.#bytes += count;
  }

  usage(): SeenUsage | undefined {
    if (this.#told === undefined) return undefined;
    const tokens = { ...this.#told.tokens, ...this.#plan.units };
    return { ...this.#told, tokens, isFinal: true };
  }

  receivedTokens(): number {
    const seconds = this.#bytes / (this.#plan.bytesPerSecond ?? OTHER_BYTES_PER_SECOND);
    return Math.ceil(seconds * TOKENS_PER_SECOND) + TOKENS_PER_SECOND;
  }
}
