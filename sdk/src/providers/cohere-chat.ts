import { boundRequestText, tokenizerOf } from '../tokens/text-bound.js';
import type {
  CallPlan,
  CallTarget,
  Endpoint,
  JsonObject,
  SeenUsage,
  StreamReader,
} from './call-plan.js';
import { countOf, isObject, listOf, objectAt, textOf } from './call-plan.js';
import { emptySurvey, surveyContent } from './content-survey.js';
import { ReceivedText } from './received-text.js';
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
  streamReader: (plan) => new ChatStreamReader(plan),
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

class ChatStreamReader implements StreamReader {
  readonly #received: ReceivedText;
  readonly #provider: string;
  #usage: SeenUsage | undefined;

  constructor(plan: CallPlan) {
    this.#received = new ReceivedText(plan.tokenizer);
    this.#provider = plan.provider;
  }

  see(data: unknown): boolean {
    if (!isObject(data)) return true;
    const delta = objectAt(data, 'delta');
    if (data['type'] === 'message-end') {
      const told = toldUsage(this.#provider, 'billed', delta);
      if (told !== undefined) this.#usage = { ...told, isFinal: true };
      return true;
    }
    const message = objectAt(delta, 'message');
    const content = objectAt(message, 'content');
    this.#received.add(content['text'], content['thinking'], message['tool_plan']);
    const called = objectAt(objectAt(message, 'tool_calls'), 'function');
    this.#received.add(called['name'], called['arguments']);
    return true;
  }

  usage(): SeenUsage | undefined {
    return this.#usage;
  }

  receivedTokens(): number {
    return this.#received.tokens();
  }
}
