import { boundGeminiImage } from '../tokens/image-bound.js';
import { sizeOfBase64 } from '../tokens/image-size.js';
import type { JsonObject } from './call-plan.js';
import { isObject, objectAt, textOf } from './call-plan.js';
import type { ImageBound } from './content-survey.js';

/** Google takes every name in both spellings. */
export function either(value: JsonObject, camelCase: string): unknown {
  return (
    value[camelCase] ?? value[camelCase.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]
  );
}

export function eitherObject(value: JsonObject, camelCase: string): JsonObject {
  return objectAt({ inner: either(value, camelCase) }, 'inner');
}

/** The model is in the address: `…/models/NAME:method`, behind a publisher on Vertex AI. */
export function geminiModel(url: URL): string {
  const [, model] = /\/(?:models|tunedModels|endpoints)\/([^/:]+):/.exec(url.pathname) ?? [];
  return model === undefined ? '' : decodeURIComponent(model);
}

export function geminiImageBoundFor(model: string): ImageBound {
  return (part) => {
    const data = textOf(eitherObject(part, 'inlineData')['data']);
    return boundGeminiImage(model, data === '' ? undefined : sizeOfBase64(data));
  };
}

/** An answer that is a list is a stream which was asked for without `alt=sse`; its last part tells all. */
export function lastPart(answer: unknown): unknown {
  return Array.isArray(answer)
    ? answer.findLast((part) => isObject(part) && isObject(part['usageMetadata']))
    : answer;
}
