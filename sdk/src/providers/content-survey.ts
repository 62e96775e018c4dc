import type { JsonObject } from './call-plan.js';
import { isObject, textOf } from './call-plan.js';

/** Everything in a prompt that costs input tokens. */
export interface ContentSurvey {
  readonly texts: string[];
  imageTokens: number;
  messages: number;
  hasAudio: boolean;
  /** Parts whose tokens cannot be told from the request: files, links, earlier answers. */
  readonly unbounded: Set<string>;
}

export type ImageBound = (part: JsonObject) => number;

const DEPTH_MAX = 40;
const imageTypes = new Set(['image_url', 'input_image', 'image']);
const audioTypes = new Set(['input_audio', 'audio']);
const unboundedTypes = new Set(['file', 'input_file', 'document', 'document_url', 'video_url']);
/** Written into requests by frameworks, never part of the prompt. */
const silentKeys = new Set(['cache_control', 'status', 'type']);

export function emptySurvey(): ContentSurvey {
  return { texts: [], imageTokens: 0, messages: 0, hasAudio: false, unbounded: new Set() };
}

/** Collects every string of a prompt; parts that are not text are bounded by their type. */
export function surveyContent(
  survey: ContentSurvey,
  value: unknown,
  boundImage: ImageBound,
  depth = 0,
): void {
  if (typeof value === 'string') {
    survey.texts.push(value);
    return;
  }
  if (typeof value === 'number' || typeof value === 'boolean') {
    survey.texts.push(String(value));
    return;
  }
  if (depth > DEPTH_MAX) {
    survey.unbounded.add('deeply nested content');
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) surveyContent(survey, item, boundImage, depth + 1);
    return;
  }
  if (!isObject(value)) return;
  const type = textOf(value['type']);
  if (imageTypes.has(type)) {
    survey.imageTokens += boundImage(value);
  } else if (audioTypes.has(type)) {
    survey.hasAudio = true;
    survey.unbounded.add('audio');
  } else if (unboundedTypes.has(type) && !isPlainTextDocument(value)) {
    survey.unbounded.add(type);
  } else {
    surveyFields(survey, value, boundImage, depth);
  }
}

function surveyFields(
  survey: ContentSurvey,
  value: JsonObject,
  boundImage: ImageBound,
  depth: number,
): void {
  if ('file_id' in value) survey.unbounded.add('file_id');
  for (const [key, field] of Object.entries(value)) {
    if (silentKeys.has(key)) continue;
    if (isObject(field) && depth > 2) survey.texts.push(key);
    surveyContent(survey, field, boundImage, depth + 1);
  }
}

function isPlainTextDocument(part: JsonObject): boolean {
  const source = part['source'];
  return isObject(source) && source['type'] === 'text';
}
