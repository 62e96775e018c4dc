import { tokenUsage, wholeCount, type TokenUsage } from '../prices/usage.js';
import { boundOpenAiImage } from '../tokens/image-bound.js';
import { sizeOfDataUrl } from '../tokens/image-size.js';
import { isObject, listOf, objectAt, textOf, type JsonObject } from './call-plan.js';

/** Tools that run in the agent's process: they cost nothing but their tokens. */
const clientTools = new Set([
  'function',
  'custom',
  'namespace',
  'local_shell',
  'apply_patch',
  'computer',
  'computer_use_preview',
]);
const reasoningModels = /(^|\/)(o[1-9]|gpt-5|gpt-6|codex|computer-use)/i;

/** Models that search or run tools by themselves, whether the request says so or not. */
const selfDirectedModels = /(^|\/)compound(-|$)|-search-(preview|api)|(^|\/)sonar/i;

/** Tools that run at the provider cost an unknown number of tokens and fees per use. */
export function serverTools(tools: unknown): string[] {
  return listOf(tools)
    .map((tool) => textOf(objectAt({ tool }, 'tool')['type']))
    .filter((type) => !clientTools.has(type))
    .map((type) => `the server-side tool "${type}"`);
}

/** Options that change the price in a way that the price table does not tell. */
export function dearOptions(body: JsonObject): string[] {
  const refused: string[] = [];
  if (body['service_tier'] === 'priority') refused.push('service_tier "priority"');
  if (body['background'] === true) refused.push('background responses');
  if (isObject(body['prediction'])) refused.push('predicted output');
  if (isObject(body['web_search_options'])) refused.push('web_search_options');
  if (listOf(body['models']).length > 0) refused.push('a list of fallback models');
  if (listOf(body['context_management']).length > 0) refused.push('context_management');
  if (isObject(body['moderation'])) refused.push('moderation');
  if (selfDirectedModels.test(textOf(body['model']))) refused.push('a model with built-in tools');
  return refused;
}

export function hidesReasoning(body: JsonObject, model: string): boolean {
  return reasoningModels.test(model) || isObject(body['reasoning']) || 'reasoning_effort' in body;
}

export function imageBoundFor(model: string): (part: JsonObject) => number {
  return (part) => {
    const link = part['image_url'];
    const url = typeof link === 'string' ? link : textOf(objectAt(part, 'image_url')['url']);
    return boundOpenAiImage(model, sizeOfDataUrl(url));
  };
}

/** Usage of chat completions and embeddings. */
export function readChatUsage(usage: unknown): TokenUsage | undefined {
  if (!isObject(usage) || typeof usage['prompt_tokens'] !== 'number') return undefined;
  const details = objectAt(usage, 'prompt_tokens_details');
  const cached = details['cached_tokens'] ?? usage['prompt_cache_hit_tokens'];
  return disjoint({
    input: usage['prompt_tokens'],
    cached,
    cacheWrite: details['cache_write_tokens'],
    audioInput: details['audio_tokens'],
    output: usage['completion_tokens'],
    audioOutput: objectAt(usage, 'completion_tokens_details')['audio_tokens'],
  });
}

/** Usage of the Responses API. */
export function readResponsesUsage(usage: unknown): TokenUsage | undefined {
  if (!isObject(usage) || typeof usage['input_tokens'] !== 'number') return undefined;
  const details = objectAt(usage, 'input_tokens_details');
  return disjoint({
    input: usage['input_tokens'],
    cached: details['cached_tokens'],
    cacheWrite: details['cache_write_tokens'],
    audioInput: details['audio_tokens'],
    output: usage['output_tokens'],
    audioOutput: objectAt(usage, 'output_tokens_details')['audio_tokens'],
  });
}

/** OpenAI reports totals with "of which" details; buckets must not overlap. */
function disjoint(
  told: Record<
    'input' | 'cached' | 'cacheWrite' | 'audioInput' | 'output' | 'audioOutput',
    unknown
  >,
): TokenUsage {
  const take = (total: number, part: unknown): number => Math.min(total, wholeCount(part));
  const input = wholeCount(told.input);
  const cacheRead = take(input, told.cached);
  const cacheWrite5m = take(input - cacheRead, told.cacheWrite);
  const audioInput = take(input - cacheRead - cacheWrite5m, told.audioInput);
  const output = wholeCount(told.output);
  const audioOutput = take(output, told.audioOutput);
  return tokenUsage({
    input: input - cacheRead - cacheWrite5m - audioInput,
    cacheRead,
    cacheWrite5m,
    audioInput,
    output: output - audioOutput,
    audioOutput,
  });
}
