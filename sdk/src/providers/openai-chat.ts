import { openAiModifiers } from '../prices/modifiers.js';
import { boundInput, tokenizerOf } from '../tokens/text-bound.js';
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
import {
  askedTier,
  dearOptions,
  hidesReasoning,
  imageBoundFor,
  modelOf,
  serverTools,
} from './openai-common.js';
import { ReceivedText } from './received-text.js';
import { toldUsage } from './told-usage.js';

/** `POST …/chat/completions`, of OpenAI and of the providers that speak the same dialect. */
export const openAiChat: Endpoint = {
  name: 'chat completions',
  plan: planChat,
  limitOutput(body, tokens, provider) {
    const current = provider === 'openai' ? 'max_completion_tokens' : 'max_tokens';
    const used = ['max_completion_tokens', 'max_tokens'].filter((key) => countOf(body[key]));
    for (const key of used.length > 0 ? used : [current]) body[key] = tokens;
  },
  askForUsage(body, provider) {
    // Mistral refuses unknown options, and tells the usage without being asked.
    if (body['stream'] !== true || provider === 'mistral') return false;
    const options = objectAt(body, 'stream_options');
    if (options['include_usage'] === true) return false;
    body['stream_options'] = { ...options, include_usage: true };
    return true;
  },
  readUsage: (answer, provider) => toldUsage(provider, 'chat', answer),
  readModifiers: openAiModifiers,
  streamReader: (plan, hideUsageEvent) => new ChatStreamReader(plan, hideUsageEvent),
};

function planChat(body: JsonObject, { provider, url }: CallTarget): CallPlan {
  const model = modelOf(body, url);
  const tokenizer = tokenizerOf(provider, model);
  const survey = emptySurvey();
  const messages = listOf(body['messages']);
  surveyContent(survey, messages, imageBoundFor(model));
  const speaks = listOf(body['modalities']).includes('audio');
  return {
    provider,
    model,
    ...boundInput(tokenizer, {
      texts: survey.texts,
      messages: messages.length,
      tools: [body['tools'], body['functions']],
      formats: [body['response_format']],
      besideTokens: survey.partTokens,
    }),
    unbounded: [...survey.unbounded],
    refused: [...serverTools(body['tools']).refused, ...dearOptions(body)],
    requestedOutput: countOf(body['max_completion_tokens']) ?? countOf(body['max_tokens']),
    smallestOutput: 1,
    choices: countOf(body['n']) ?? 1,
    hasOutput: true,
    inputBuckets: survey.hasAudio
      ? ['input', 'cacheRead', 'cacheWrite5m', 'audioInput']
      : ['input', 'cacheRead', 'cacheWrite5m'],
    outputBuckets: speaks ? ['output', 'audioOutput'] : ['output'],
    hidesReasoning: speaks || hidesReasoning(body, model),
    streams: body['stream'] === true,
    modifiers: askedTier(body),
    tokenizer,
  };
}

class ChatStreamReader implements StreamReader {
  readonly #received: ReceivedText;
  readonly #hideUsageEvent: boolean;
  readonly #provider: string;
  #usage: SeenUsage | undefined;
  #finished = false;
  #modifiers: readonly string[] = [];

  constructor(plan: CallPlan, hideUsageEvent: boolean) {
    this.#received = new ReceivedText(plan.tokenizer);
    this.#hideUsageEvent = hideUsageEvent;
    this.#provider = plan.provider;
  }

  see(data: unknown): boolean {
    if (!isObject(data)) return true;
    const choices = listOf(data['choices']);
    for (const choice of choices) this.#seeChoice(choice);
    if ('service_tier' in data) this.#modifiers = openAiModifiers(data);
    const told = toldUsage(this.#provider, 'chat', data);
    if (told === undefined) return true;
    this.#usage = {
      ...told,
      modifiers: this.#modifiers,
      isFinal: choices.length === 0 || this.#finished,
    };
    return !(this.#hideUsageEvent && choices.length === 0);
  }

  usage(): SeenUsage | undefined {
    return this.#usage;
  }

  receivedTokens(): number {
    return this.#received.tokens();
  }

  #seeChoice(choice: unknown): void {
    if (textOf(objectAt({ choice }, 'choice')['finish_reason']) !== '') this.#finished = true;
    const delta = objectAt(choice, 'delta');
    this.#received.add(
      delta['content'],
      delta['reasoning_content'],
      delta['reasoning'],
      delta['refusal'],
    );
    for (const call of listOf(delta['tool_calls'])) {
      const called = objectAt(call, 'function');
      this.#received.add(called['name'], called['arguments']);
    }
  }
}
