import { boundImageOf } from '../tokens/image-bound.js';
import { sizeOfBase64 } from '../tokens/image-size.js';
import type { FoldedUsage } from '../usage/usage-reading.js';
import { tokenUsage } from '../prices/usage.js';
import { countOf, isObject, listOf, objectAt, textOf, type JsonObject } from './call-plan.js';
import { toldUsage } from './told-usage.js';

/** Why an answer ended that was asked for nothing: its request only fetched a model, or put it away. */
const idleReasons = new Set(['load', 'unload']);

/** Ollama counts beside the answer, and leaves out what is zero. */
export function ollamaUsage(answer: unknown, provider: string): FoldedUsage | undefined {
  if (!isObject(answer)) return undefined;
  if (answer['done'] === true && idleReasons.has(textOf(answer['done_reason']))) {
    return { tokens: tokenUsage({}) };
  }
  return toldUsage(provider, 'counts', { usage: answer });
}

/** The largest output that the request states; -1 and -2 (no end, or the context's) state none. */
export function statedOutput(body: JsonObject): number | undefined {
  return countOf(objectAt(body, 'options')['num_predict']);
}

export function limitPrediction(body: JsonObject, tokens: number): void {
  body['options'] = { ...objectAt(body, 'options'), num_predict: tokens };
}

/** Images are lists of base64 beside the text. @param images what is in the field `images` */
export function boundImages(model: string, images: unknown): number {
  return listOf(images).reduce<number>(
    (sum, image) => sum + boundImageOf(model, sizeOfBase64(textOf(image))),
    0,
  );
}
