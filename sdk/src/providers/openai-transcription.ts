import { tokenUsage } from '../prices/usage.js';
import { AUDIO_TOKENS_PER_SECOND, boundAudioSeconds } from '../tokens/audio-length.js';
import { boundText, tokenizerOf } from '../tokens/text-bound.js';
import type { FoldedUsage } from '../usage/usage-reading.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { countOf, isObject, textOf } from './call-plan.js';
import { finalUsageReader } from './final-usage.js';
import { modelOf } from './openai-common.js';
import { toldUsage } from './told-usage.js';
import { UploadedFile } from './uploaded-file.js';

/** Nobody speaks faster. */
const OUTPUT_TOKENS_PER_SECOND = 12;
const OUTPUT_TOKENS_AROUND = 256;
/** Groq bills ten seconds for what is shorter. */
const shortest: Readonly<Record<string, number>> = { groq: 10 };

/** `POST …/audio/transcriptions` and `…/translations`: a form; paid by the second or by the token. */
export const openAiTranscription: Endpoint = {
  name: 'transcription',
  isForm: true,
  plan: planTranscription,
  limitOutput: () => undefined, // the audio is what limits it
  askForUsage: () => false,
  readUsage: toldOf,
  streamReader: (plan) => ({
    ...finalUsageReader(plan, readEvent),
    receivedTokens: () => 0, // the whole bound counts until the end
  }),
};

function planTranscription(body: JsonObject, { provider, url }: CallTarget): CallPlan {
  const model = modelOf(body, url);
  const tokenizer = tokenizerOf(provider, model);
  const { file } = body;
  const isFile = file instanceof UploadedFile;
  const seconds = Math.max(shortest[provider] ?? 0, isFile ? boundAudioSeconds(file.bytes) : 0);
  const output = seconds * OUTPUT_TOKENS_PER_SECOND + OUTPUT_TOKENS_AROUND;
  return {
    provider,
    model,
    inputTokens: boundText(tokenizer, textOf(body['prompt'])) + seconds * AUDIO_TOKENS_PER_SECOND,
    unbounded: [],
    refused: isFile ? [] : ['audio that is not sent along'],
    requestedOutput: output,
    smallestOutput: output,
    choices: 1,
    hasOutput: true,
    inputBuckets: ['input', 'audioInput'],
    outputBuckets: ['output'],
    hidesReasoning: true, // what is not told is not assumed from what was received
    streams: body['stream'] === 'true',
    modifiers: [],
    tokenizer,
    units: { audioSeconds: seconds },
  };
}

/** The usage where it is told, else the length of the audio as the provider measured it. */
function toldOf(answer: unknown, provider: string): FoldedUsage | undefined {
  const least = shortest[provider] ?? 0;
  const told = toldUsage(provider, 'transcription', answer);
  if (told !== undefined) {
    const seconds = told.tokens.audioSeconds ?? 0;
    return seconds >= least || seconds === 0
      ? told
      : { ...told, tokens: { ...told.tokens, audioSeconds: least } };
  }
  const length = isObject(answer) ? countOf(Number(answer['duration'])) : undefined;
  if (length === undefined) return undefined;
  return { tokens: tokenUsage({ audioSeconds: Math.max(least, length) }) };
}

function readEvent(data: unknown, provider: string) {
  return toldUsage(provider, 'transcription', data);
}
