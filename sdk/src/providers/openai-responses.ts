import { openAiModifiers } from '../prices/modifiers.js';
import { withUnits } from '../prices/usage.js';
import { boundInput, tokenizerOf } from '../tokens/text-bound.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { countOf, isObject, listOf, objectAt, textOf } from './call-plan.js';
import { emptySurvey, surveyContent } from './content-survey.js';
import { finalUsageReader } from './final-usage.js';
import {
  askedTier,
  dearOptions,
  hidesReasoning,
  imageBoundFor,
  modelOf,
  serverTools,
} from './openai-common.js';
import type { ReceivedText } from './received-text.js';
import type { FoldedUsage } from '../usage/usage-reading.js';
import { toldUsage } from './told-usage.js';

/** OpenAI refuses a smaller `max_output_tokens`. */
const SMALLEST_OUTPUT = 16;
/** State that the provider keeps: its size is not in the request. */
const remoteState = ['previous_response_id', 'conversation', 'prompt'];

/** Items whose content may be with the provider alone. */
const keptTypes = new Set([
  'item_reference',
  'compaction',
  'image_generation_call',
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
]);

/** `POST …/responses`. */
export const openAiResponses: Endpoint = {
  name: 'responses',
  plan: planResponses,
  limitOutput(body, tokens) {
    body['max_output_tokens'] = tokens;
  },
  askForUsage: () => false, // the last event always tells it
  readUsage: toldWithFees,
  isPending: (answer) =>
    ['queued', 'in_progress'].includes(textOf(objectAt({ answer }, 'answer')['status'])),
  readModifiers: openAiModifiers,
  streamReader: (plan) => finalUsageReader(plan, readEvent),
};

function planResponses(body: JsonObject, { provider, url }: CallTarget): CallPlan {
  const model = modelOf(body, url);
  const tokenizer = tokenizerOf(provider, model);
  const survey = emptySurvey();
  surveyContent(survey, body['instructions'], imageBoundFor(model));
  surveyContent(survey, body['input'], imageBoundFor(model));
  const items = listOf(body['input']);
  for (const item of items) {
    const kept = keptAtProvider(objectAt({ item }, 'item'));
    if (kept !== undefined) survey.unbounded.add(kept);
  }
  for (const key of remoteState) {
    if (body[key] !== undefined && body[key] !== null) survey.unbounded.add(key);
  }
  const tools = toolsOf(body, items);
  const calls = countOf(body['max_tool_calls']);
  const remote = serverTools(tools, calls);
  for (const name of remote.unbounded) survey.unbounded.add(name);
  return {
    provider,
    model,
    ...boundInput(tokenizer, {
      texts: survey.texts,
      messages: items.length + 1,
      tools: [tools],
      formats: [objectAt(body, 'text')['format']],
      besideTokens: survey.partTokens,
    }),
    unbounded: [...survey.unbounded],
    rounds: remote.unbounded.length > 0 ? (calls ?? 0) + 1 : 1,
    units: remote.units,
    isDeferred: body['background'] === true,
    refused: [...remote.refused, ...dearOptions(body)],
    requestedOutput: countOf(body['max_output_tokens']),
    smallestOutput: SMALLEST_OUTPUT,
    choices: 1,
    hasOutput: true,
    inputBuckets: survey.hasAudio
      ? ['input', 'cacheRead', 'cacheWrite5m', 'audioInput']
      : ['input', 'cacheRead', 'cacheWrite5m'],
    outputBuckets: ['output'],
    hidesReasoning: hidesReasoning(body, model),
    streams: body['stream'] === true,
    modifiers: askedTier(body),
    tokenizer,
  };
}

/** What an item stands for that is not in it, but known to the provider by the item's id. */
function keptAtProvider(item: JsonObject): string | undefined {
  const type = textOf(item['type']);
  const isOpenThought =
    type === 'reasoning' && textOf(item['id']).startsWith('rs_') && !item['encrypted_content'];
  return isOpenThought || keptTypes.has(type) ? type : undefined;
}

/** Those of the request, and those that were added in the course of the conversation. */
function toolsOf(body: JsonObject, items: readonly unknown[]): unknown[] {
  const later = items
    .map((item) => objectAt({ item }, 'item'))
    .filter((item) => item['type'] === 'additional_tools');
  return [...listOf(body['tools']), ...later.flatMap((item) => listOf(item['tools']))];
}

/** The usage tells tokens alone: what was done for a fee is in the answer itself. */
function toldWithFees(answer: unknown, provider: string): FoldedUsage | undefined {
  const told = toldUsage(provider, 'responses', answer);
  if (told === undefined || !isObject(answer)) return told;
  const items = listOf(answer['output']).filter(isObject);
  const count = (type: string): number => items.filter((item) => item['type'] === type).length;
  const ran = items.filter((item) => item['type'] === 'code_interpreter_call');
  const containers = new Set(ran.map((item) => textOf(item['container_id'])));
  const hasContainer = listOf(answer['tools']).some(
    (tool) => isObject(tool) && tool['type'] === 'code_interpreter',
  );
  const units = {
    webSearches: items.filter(isPaidSearch).length,
    fileSearches: count('file_search_call'),
    // It is made, and paid, before the model decides whether it needs it.
    containers: Math.max(containers.size, hasContainer ? 1 : 0),
  };
  return { ...told, tokens: withUnits(told.tokens, units) };
}

/** To open a page that was found, or to look in it, is free. */
function isPaidSearch(item: JsonObject): boolean {
  const action = textOf(objectAt(item, 'action')['type']);
  return (
    item['type'] === 'web_search_call' && !['open_page', 'find_in_page', 'find'].includes(action)
  );
}

function readEvent(data: unknown, provider: string, received: ReceivedText) {
  if (!isObject(data)) return undefined;
  if (textOf(data['type']).endsWith('.delta')) received.add(data['delta']);
  const response = objectAt(data, 'response');
  const told = toldWithFees(response, provider);
  return told && { ...told, modifiers: openAiModifiers(response) };
}
