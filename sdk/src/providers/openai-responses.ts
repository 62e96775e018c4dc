import { openAiModifiers } from '../prices/modifiers.js';
import { boundRequestText, tokenizerOf } from '../tokens/text-bound.js';
import type { CallPlan, Endpoint, JsonObject, SeenUsage, StreamReader } from './call-plan.js';
import { countOf, isObject, listOf, objectAt, textOf } from './call-plan.js';
import { emptySurvey, surveyContent } from './content-survey.js';
import {
  dearOptions,
  hidesReasoning,
  imageBoundFor,
  readResponsesUsage,
  serverTools,
} from './openai-common.js';
import { ReceivedText } from './received-text.js';

/** OpenAI refuses a smaller `max_output_tokens`. */
const SMALLEST_OUTPUT = 16;
/** State that the provider keeps: its size is not in the request. */
const remoteState = ['previous_response_id', 'conversation', 'prompt'];

/** `POST …/responses`. */
export const openAiResponses: Endpoint = {
  name: 'responses',
  plan: planResponses,
  limitOutput(body, tokens) {
    body['max_output_tokens'] = tokens;
  },
  askForUsage: () => false, // the last event always tells it
  readUsage: (answer) => readResponsesUsage(isObject(answer) ? answer['usage'] : undefined),
  readModifiers: openAiModifiers,
  streamReader: (plan) => new ResponsesStreamReader(plan),
};

function planResponses(body: JsonObject, provider: string): CallPlan {
  const model = textOf(body['model']);
  const tokenizer = tokenizerOf(provider, model);
  const survey = emptySurvey();
  surveyContent(survey, body['instructions'], imageBoundFor(model));
  surveyContent(survey, body['input'], imageBoundFor(model));
  const items = listOf(body['input']);
  for (const item of items) {
    const type = textOf(objectAt({ item }, 'item')['type']);
    if (['item_reference', 'compaction'].includes(type)) survey.unbounded.add(type);
    if (type === 'additional_tools') survey.unbounded.add(type);
  }
  for (const key of remoteState) {
    if (body[key] !== undefined && body[key] !== null) survey.unbounded.add(key);
  }
  const structured = [body['tools'], objectAt(body, 'text')['format']].filter(
    (extra) => extra !== undefined && extra !== null,
  );
  survey.texts.push(...structured.map((extra) => JSON.stringify(extra)));
  return {
    model,
    inputTokens:
      survey.imageTokens +
      boundRequestText(tokenizer, {
        texts: survey.texts,
        messages: items.length + 1,
        hasTools: structured.length > 0,
      }),
    unbounded: [...survey.unbounded],
    refused: [...serverTools(body['tools']), ...dearOptions(body)],
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
    tokenizer,
  };
}

class ResponsesStreamReader implements StreamReader {
  readonly #received: ReceivedText;
  #usage: SeenUsage | undefined;

  constructor(plan: CallPlan) {
    this.#received = new ReceivedText(plan.tokenizer);
  }

  see(data: unknown): boolean {
    if (!isObject(data)) return true;
    if (textOf(data['type']).endsWith('.delta')) this.#received.add(data['delta']);
    const response = objectAt(data, 'response');
    const tokens = readResponsesUsage(response['usage']);
    if (tokens !== undefined) {
      this.#usage = { tokens, modifiers: openAiModifiers(response), isFinal: true };
    }
    return true;
  }

  usage(): SeenUsage | undefined {
    return this.#usage;
  }

  receivedTokens(): number {
    return this.#received.tokens();
  }
}
