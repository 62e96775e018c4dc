import { boundRequestText, tokenizerOf } from '../tokens/text-bound.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { countOf, isObject, listOf, objectAt, textOf } from './call-plan.js';
import { emptySurvey, surveyContent } from './content-survey.js';
import { finalUsageReader } from './final-usage.js';
import type { ReceivedText } from './received-text.js';
import { toldUsage } from './told-usage.js';

/** No model of Cohere makes more of an image (tiles of 512 pixels, at most ten of them). */
const IMAGE_TOKENS_MAX = 3_328;

/** `POST /v2/chat`. */
export const cohereChat: Endpoint = {
  name: 'chat',
  plan: planChat,
  limitOutput(body, tokens) {
    body['max_tokens'] = tokens;
  },
  askForUsage: () => false, // message-end always tells it
  readUsage: (answer, provider) => toldUsage(provider, 'billed', answer),
  streamReader: (plan) => finalUsageReader(plan, readEvent),
};

function planChat(body: JsonObject, { provider }: CallTarget): CallPlan {
  const model = textOf(body['model']);
  const tokenizer = tokenizerOf(provider, model);
  const survey = emptySurvey();
  const messages = listOf(body['messages']);
  surveyContent(survey, messages, () => IMAGE_TOKENS_MAX);
  surveyContent(survey, body['documents'], () => IMAGE_TOKENS_MAX);
  const thinking = objectAt(body, 'thinking');
  return {
    provider,
    model,
    inputTokens:
      survey.partTokens +
      boundRequestText(tokenizer, {
        texts: survey.texts,
        messages: messages.length,
        tools: [body['tools']],
        formats: [body['response_format']],
      }),
    unbounded: [...survey.unbounded],
    refused: [],
    requestedOutput: countOf(body['max_tokens']),
    smallestOutput: (countOf(thinking['token_budget']) ?? 0) + 1,
    choices: 1,
    hasOutput: true,
    inputBuckets: ['input', 'cacheRead'],
    outputBuckets: ['output'],
    hidesReasoning: model.includes('reasoning') && thinking['type'] !== 'disabled',
    streams: body['stream'] === true,
    modifiers: [],
    tokenizer,
  };
}

function readEvent(data: unknown, provider: string, received: ReceivedText) {
  if (!isObject(data)) return undefined;
  const delta = objectAt(data, 'delta');
  if (data['type'] === 'message-end') return toldUsage(provider, 'billed', delta);
  const message = objectAt(delta, 'message');
  const content = objectAt(message, 'content');
  received.add(content['text'], content['thinking'], message['tool_plan']);
  const called = objectAt(objectAt(message, 'tool_calls'), 'function');
  received.add(called['name'], called['arguments']);
  return undefined;
}
