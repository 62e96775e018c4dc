import { boundInput, tokenizerOf } from '../tokens/text-bound.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { isObject, listOf, objectAt, textOf } from './call-plan.js';
import { emptySurvey, surveyContent } from './content-survey.js';
import { finalUsageReader } from './final-usage.js';
import { boundImages, limitPrediction, ollamaUsage, statedOutput } from './ollama-common.js';
import { hidesReasoning } from './openai-common.js';
import type { ReceivedText } from './received-text.js';

const answering = {
  streamsLines: true,
  limitOutput: limitPrediction,
  askForUsage: () => false, // the last line always tells it
  readUsage: ollamaUsage,
  streamReader: (plan: CallPlan) => finalUsageReader(plan, readLine),
} as const;

/** `POST /api/chat` of Ollama (its documentation: "Generate a chat message"). */
export const ollamaChat: Endpoint = { name: 'chat', plan: planChat, ...answering };
/** `POST /api/generate` of Ollama ("Generate a response"). */
export const ollamaGenerate: Endpoint = { name: 'generate', plan: planGenerate, ...answering };

function planChat(body: JsonObject, target: CallTarget): CallPlan {
  const messages = listOf(body['messages']);
  const images = messages.flatMap((message) => listOf(objectAt({ message }, 'message')['images']));
  return planAnswer(body, target, {
    content: messages.map((message) => (isObject(message) ? withoutImages(message) : message)),
    messages: messages.length,
    images,
    contextTokens: 0,
  });
}

function planGenerate(body: JsonObject, target: CallTarget): CallPlan {
  const { prompt, suffix, system, template } = body;
  return planAnswer(body, target, {
    content: [prompt, suffix, system, template],
    messages: 2,
    images: listOf(body['images']),
    // An earlier conversation, as the tokens that an answer gave for it.
    contextTokens: listOf(body['context']).length,
  });
}

interface Prompt {
  readonly content: unknown;
  readonly messages: number;
  readonly images: readonly unknown[];
  readonly contextTokens: number;
}

function planAnswer(body: JsonObject, { provider }: CallTarget, prompt: Prompt): CallPlan {
  const model = textOf(body['model']);
  const tokenizer = tokenizerOf(provider, model);
  const survey = emptySurvey();
  surveyContent(survey, prompt.content, () => boundImages(model, ['']));
  return {
    provider,
    model,
    ...boundInput(tokenizer, {
      texts: survey.texts,
      messages: prompt.messages,
      tools: [body['tools']],
      formats: [body['format']],
      besideTokens: survey.partTokens + prompt.contextTokens + boundImages(model, prompt.images),
    }),
    unbounded: [...survey.unbounded],
    refused: [],
    requestedOutput: statedOutput(body),
    isEndless: true,
    smallestOutput: 1,
    choices: 1,
    hasOutput: true,
    inputBuckets: ['input'],
    outputBuckets: ['output'],
    hidesReasoning: hidesReasoning(body, model),
    streams: body['stream'] !== false,
    modifiers: [],
    tokenizer,
  };
}

function withoutImages({ images: _images, ...message }: JsonObject): JsonObject {
  return message;
}

/** A stream has a JSON object in every line; the one that is `done` tells the counts. */
function readLine(data: unknown, provider: string, received: ReceivedText) {
  if (!isObject(data)) return undefined;
  const message = objectAt(data, 'message');
  received.add(message['content'], message['thinking'], data['response'], data['thinking']);
  for (const call of listOf(message['tool_calls'])) received.add(JSON.stringify(call));
  return data['done'] === true ? ollamaUsage(data, provider) : undefined;
}
