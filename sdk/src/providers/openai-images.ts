import { boundText, tokenizerOf } from '../tokens/text-bound.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { countOf, isObject, textOf } from './call-plan.js';
import { finalUsageReader } from './final-usage.js';
import { modelOf } from './openai-common.js';
import { toldUsage } from './told-usage.js';
import { UploadedFile } from './uploaded-file.js';

/** The largest image at the highest quality (1024 × 1536 pixels: 6,240 tokens), and as much again for models that are not known yet. */
const IMAGE_TOKENS_MAX = 12_480;
/** Each picture that is shown before the last one. */
const PARTIAL_IMAGE_TOKENS = 100;
const TOKENS_AROUND_PROMPT = 64;

/** `POST …/images/generations`: models that are paid by the token. */
export const openAiImages: Endpoint = {
  name: 'images',
  plan: planImages,
  limitOutput: () => undefined, // the size is what limits it
  askForUsage: () => false,
  readUsage: (answer, provider) => toldUsage(provider, 'images', answer),
  streamReader: (plan) => ({
    ...finalUsageReader(plan, readEvent),
    receivedTokens: () => 0, // nothing of it is text: the whole bound counts until the end
  }),
};

/** `POST …/images/edits`: a form with the images to change. */
export const openAiImageEdits: Endpoint = {
  ...openAiImages,
  name: 'image edits',
  isForm: true,
  plan(body, target) {
    const plan = planImages(body, target);
    const images = Object.values(body)
      .flat()
      .filter((field) => field instanceof UploadedFile);
    return {
      ...plan,
      inputTokens: plan.inputTokens + images.length * IMAGE_TOKENS_MAX,
      inputBuckets: [...plan.inputBuckets, 'imageInput', 'imageCacheRead'],
    };
  },
};

function planImages(body: JsonObject, { provider, url }: CallTarget): CallPlan {
  const model = modelOf(body, url);
  const tokenizer = tokenizerOf(provider, model);
  const output =
    IMAGE_TOKENS_MAX + (countOf(numberOf(body['partial_images'])) ?? 0) * PARTIAL_IMAGE_TOKENS;
  return {
    provider,
    model,
    inputTokens: boundText(tokenizer, textOf(body['prompt'])) + TOKENS_AROUND_PROMPT,
    unbounded: [],
    refused: [],
    requestedOutput: output,
    smallestOutput: output,
    choices: countOf(numberOf(body['n'])) ?? 1,
    hasOutput: true,
    inputBuckets: ['input', 'cacheRead'],
    outputBuckets: ['output', 'imageOutput'],
    hidesReasoning: true,
    streams: String(body['stream']) === 'true',
    modifiers: [],
    tokenizer,
  };
}

/** In a form every value is text, and may be there twice: which of them counts is up to the provider. */
function numberOf(value: unknown): unknown {
  if (Array.isArray(value)) return Math.max(0, ...value.map(Number).filter(Number.isFinite));
  return typeof value === 'string' ? Number(value) : value;
}

function readEvent(data: unknown, provider: string) {
  if (!isObject(data) || !textOf(data['type']).endsWith('.completed')) return undefined;
  return toldUsage(provider, 'images', data);
}
