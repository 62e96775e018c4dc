import { tokenUsage } from '../prices/usage.js';
import { boundRequestText, tokenizerOf } from '../tokens/text-bound.js';
import type { FoldedUsage } from '../usage/usage-reading.js';
import { anthropicMessages } from './anthropic-messages.js';
import { bedrockModel } from './bedrock-model.js';
import type {
  CallPlan,
  CallTarget,
  Endpoint,
  JsonObject,
  SeenUsage,
  StreamReader,
} from './call-plan.js';
import { countOf, isObject, objectAt } from './call-plan.js';
import { emptySurvey, surveyContent } from './content-survey.js';

const METRICS = 'amazon-bedrock-invocationMetrics';
const IMAGE_MAX = 6_500;

/**
 * `POST /model/ID/invoke` and `…/invoke-with-response-stream` of Amazon Bedrock: the body is in the
 * language of the model's maker. Anthropic's is metered as such; of the others every text counts,
 * and the usage is what Bedrock itself measured.
 */
export const bedrockInvoke: Endpoint = {
  name: 'invoke',
  plan: (body, target) =>
    isAnthropic(body) ? anthropicMessages.plan(body, target) : planInvoke(body, target),
  limitOutput(body, tokens, provider) {
    if (isAnthropic(body)) anthropicMessages.limitOutput(body, tokens, provider);
    else limitOf(body)?.write(tokens);
  },
  askForUsage: () => false,
  readUsage: (answer, provider) =>
    anthropicMessages.readUsage(answer, provider) ?? measured(answer),
  streamReader: (plan) => new InvokeStreamReader(plan),
};

function isAnthropic(body: JsonObject): boolean {
  return 'anthropic_version' in body;
}

function planInvoke(body: JsonObject, { provider, url }: CallTarget): CallPlan {
  const model = bedrockModel(url);
  const tokenizer = tokenizerOf(provider, model);
  const survey = emptySurvey();
  surveyContent(survey, body, () => IMAGE_MAX);
  const limit = limitOf(body);
  const requestedOutput = limit?.tokens;
  const embeds = model.includes('embed');
  return {
    provider,
    model,
    inputTokens:
      survey.partTokens +
      boundRequestText(tokenizer, {
        texts: survey.texts,
        messages: 16,
        tools: [body['tools'], body['toolConfig']],
        formats: [],
      }),
    unbounded: [...survey.unbounded],
    // Each maker names its limit differently: one that is not there cannot be written either.
    refused: embeds || requestedOutput !== undefined ? [] : ['no limit of the output'],
    requestedOutput,
    smallestOutput: 1,
    choices: 1,
    hasOutput: !embeds,
    inputBuckets: ['input', 'cacheRead', 'cacheWrite5m'],
    outputBuckets: ['output'],
    hidesReasoning: true,
    streams: url.pathname.endsWith('-stream'),
    modifiers: [],
    tokenizer,
  };
}

/** Where the makers of models put the limit of the output. */
const limits: readonly (readonly string[])[] = [
  ['max_tokens'],
  ['max_completion_tokens'],
  ['max_gen_len'],
  ['inferenceConfig', 'maxTokens'],
  ['inferenceConfig', 'max_new_tokens'],
  ['textGenerationConfig', 'maxTokenCount'],
];

function limitOf(
  body: JsonObject,
): { readonly tokens: number; readonly write: (tokens: number) => void } | undefined {
  for (const path of limits) {
    const name = path.at(-1) ?? '';
    const holder = path.length === 1 ? body : objectAt(body, path[0] ?? '');
    const tokens = countOf(holder[name]);
    if (tokens === undefined) continue;
    return {
      tokens,
      write: (most) => {
        holder[name] = most;
      },
    };
  }
  return undefined;
}

function measured(answer: unknown): FoldedUsage | undefined {
  const { inputTokenCount, outputTokenCount, ...more } = objectAt(answer, METRICS);
  if (typeof inputTokenCount !== 'number' || !Number.isFinite(inputTokenCount)) return undefined;
  return {
    tokens: tokenUsage({
      input: inputTokenCount,
      output: countOf(outputTokenCount) ?? 0,
      cacheRead: countOf(more['cacheReadInputTokenCount']) ?? 0,
      cacheWrite5m: countOf(more['cacheWriteInputTokenCount']) ?? 0,
    }),
  };
}

class InvokeStreamReader implements StreamReader {
  readonly #anthropic: StreamReader;
  #usage: SeenUsage | undefined;

  constructor(plan: CallPlan) {
    this.#anthropic = anthropicMessages.streamReader(plan, false);
  }

  see(data: unknown): boolean {
    this.#anthropic.see(data);
    const told = isObject(data) ? measured(data) : undefined;
    if (told !== undefined) this.#usage = { ...told, isFinal: true };
    return true;
  }

  usage(): SeenUsage | undefined {
    return this.#anthropic.usage() ?? this.#usage;
  }

  receivedTokens(): number {
    return this.#anthropic.receivedTokens();
  }
}
