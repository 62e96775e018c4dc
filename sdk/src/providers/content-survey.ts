import type { JsonObject } from './call-plan.js';
import { AUDIO_TOKENS_PER_SECOND, boundAudioSeconds } from '../tokens/audio-length.js';
import { isObject, objectAt, textOf } from './call-plan.js';

/** Everything in a prompt that costs input tokens. */
export interface ContentSurvey {
  readonly texts: string[];
  /** Of what is not text: images, sealed thoughts. */
  partTokens: number;
  messages: number;
  hasAudio: boolean;
  /** Parts whose tokens cannot be told from the request: files, links, earlier answers. */
  readonly unbounded: Set<string>;
}

export type ImageBound = (part: JsonObject) => number;

const DEPTH_MAX = 40;
/** 16 bits, 8,000 times a second: nobody records speech with less. */
const RAW_BYTES_PER_SECOND_MIN = 16_000;
const imageTypes = new Set(['image_url', 'input_image', 'image']);
const audioTypes = new Set(['input_audio', 'audio']);
const unboundedTypes = new Set(['file', 'input_file', 'document', 'document_url', 'video_url']);
/** Written into requests by frameworks, never part of the prompt. */
const silentKeys = new Set(['cache_control', 'status', 'type']);
/**
 * Thoughts that only the provider can open, as base64. What is in them counts at most one token for
 * five characters in recorded calls, as text does that is not compressed; set aside is more.
 */
const sealedKeys = new Set([
  'encrypted_content',
  'signature',
  'thoughtSignature',
  'thought_signature',
]);
const SEALED_CHARACTERS_PER_TOKEN = 3;
/** Gemini's parts have no type but the name of their field. */
const inlineKeys = ['inlineData', 'inline_data'] as const;
const linkKeys = ['fileData', 'file_data'] as const;

export function emptySurvey(): ContentSurvey {
  return { texts: [], partTokens: 0, messages: 0, hasAudio: false, unbounded: new Set() };
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
    survey.partTokens += boundImage(value);
  } else if (audioTypes.has(type)) {
    surveyAudio(survey, objectAt(value, 'input_audio'));
  } else if (unboundedTypes.has(type) && !isPlainTextDocument(value)) {
    survey.unbounded.add(type);
  } else if (!surveyInlineData(survey, value, boundImage)) {
    surveyFields(survey, value, boundImage, depth);
  }
}

/** Sound that is sent along is bounded by its length. */
function surveyAudio(survey: ContentSurvey, audio: JsonObject): void {
  survey.hasAudio = true;
  const data = textOf(audio['data']);
  if (data === '') survey.unbounded.add('audio');
  else survey.partTokens += audioTokens(data, textOf(audio['format']));
}

function audioTokens(base64: string, format: string): number {
  const bytes = Buffer.from(base64, 'base64');
  const seconds = /pcm|l16/i.test(format)
    ? Math.ceil(bytes.length / RAW_BYTES_PER_SECOND_MIN)
    : boundAudioSeconds(bytes);
  return seconds * AUDIO_TOKENS_PER_SECOND;
}

/** A found page is longer than what stands for it; a thought is not. */
function surveySealed(survey: ContentSurvey, part: JsonObject, sealed: string): void {
  if (textOf(part['type']).includes('search_result')) survey.unbounded.add('search results');
  else survey.partTokens += Math.ceil(sealed.length / SEALED_CHARACTERS_PER_TOKEN);
}

/** @returns true for a part that is nothing but data */
function surveyInlineData(
  survey: ContentSurvey,
  part: JsonObject,
  boundImage: ImageBound,
): boolean {
  const link = linkKeys.map((key) => part[key]).find(isObject);
  if (link !== undefined) {
    // However large a picture is, it counts no more than the largest one.
    if (kindOf(link).startsWith('image/')) survey.partTokens += boundImage(part);
    else survey.unbounded.add('fileData');
    return true;
  }
  const data = inlineKeys.map((key) => part[key]).find(isObject);
  if (data === undefined) return false;
  const kind = kindOf(data);
  if (kind.startsWith('image/')) {
    survey.partTokens += boundImage(part);
  } else if (kind.startsWith('text/')) {
    survey.texts.push(Buffer.from(textOf(data['data']), 'base64').toString('utf8'));
  } else if (kind.startsWith('audio/')) {
    survey.hasAudio = true;
    survey.partTokens += audioTokens(textOf(data['data']), kind);
  } else {
    survey.unbounded.add(kind === '' ? 'inline data' : kind);
  }
  return true;
}

function kindOf(data: JsonObject): string {
  return textOf(data['mimeType'] ?? data['mime_type']).toLowerCase();
}

function surveyFields(
  survey: ContentSurvey,
  value: JsonObject,
  boundImage: ImageBound,
  depth: number,
): void {
  if ('file_id' in value) survey.unbounded.add('file_id');
  // What is quoted from is cut into pieces that are counted, too.
  if (objectAt(value, 'citations')['enabled'] === true) survey.unbounded.add('citations');
  // An earlier spoken answer, by its id.
  if (isObject(value['audio']) && 'id' in value['audio']) {
    survey.hasAudio = true;
    survey.unbounded.add('earlier audio');
  }
  for (const [key, field] of Object.entries(value)) {
    if (silentKeys.has(key)) continue;
    if (sealedKeys.has(key) && typeof field === 'string') {
      surveySealed(survey, value, field);
      continue;
    }
    if (isObject(field) && depth > 2) survey.texts.push(key);
    surveyContent(survey, field, boundImage, depth + 1);
  }
}

function isPlainTextDocument(part: JsonObject): boolean {
  const source = part['source'];
  return isObject(source) && source['type'] === 'text';
}
