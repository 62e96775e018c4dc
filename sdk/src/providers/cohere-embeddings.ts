import { boundText, tokenizerOf } from '../tokens/text-bound.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { listOf, textOf } from './call-plan.js';
import { toldUsage } from './told-usage.js';

const TOKENS_AROUND_INPUT = 8;

/** `POST /v2/embed` and `/v1/embed`: has input only. */
export const cohereEmbeddings: Endpoint = {
  name: 'embed',
  plan: planEmbeddings,
  limitOutput: () => undefined,
  askForUsage: () => false,
  readUsage: (answer, provider) => toldUsage(provider, 'billed', answer),
  streamReader: () => ({ see: () => true, usage: () => undefined, receivedTokens: () => 0 }),
};

function planEmbeddings(body: JsonObject, { provider }: CallTarget): CallPlan {
  const model = textOf(body['model']);
  const tokenizer = tokenizerOf(provider, model);
  const texts = listOf(body['texts']);
  const others = ['images', 'inputs'].filter((name) => listOf(body[name]).length > 0);
  return {
    provider,
    model,
    inputTokens: texts.reduce<number>(
      (sum, text) => sum + boundText(tokenizer, textOf(text)) + TOKENS_AROUND_INPUT,
      TOKENS_AROUND_INPUT,
    ),
    unbounded: others,
    refused: [],
    requestedOutput: undefined,
    smallestOutput: 0,
    choices: 1,
    hasOutput: false,
    inputBuckets: ['input', 'imageInput'],
    outputBuckets: ['output'],
    hidesReasoning: false,
    streams: false,
    modifiers: [],
    tokenizer,
  };
}
