import { boundText, tokenizerOf } from '../tokens/text-bound.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { listOf, textOf } from './call-plan.js';
import { inputOnly, inputOnlyPlan } from './input-only.js';
import { toldUsage } from './told-usage.js';

const TOKENS_AROUND_INPUT = 8;

/** `POST /v2/embed` and `/v1/embed`: has input only. */
export const cohereEmbeddings: Endpoint = {
  ...inputOnly,
  name: 'embed',
  plan: planEmbeddings,
  readUsage: (answer, provider) => toldUsage(provider, 'billed', answer),
};

function planEmbeddings(body: JsonObject, { provider }: CallTarget): CallPlan {
  const model = textOf(body['model']);
  const tokenizer = tokenizerOf(provider, model);
  const texts = listOf(body['texts']);
  const others = ['images', 'inputs'].filter((name) => listOf(body[name]).length > 0);
  return inputOnlyPlan({
    provider,
    model,
    inputTokens: texts.reduce<number>(
      (sum, text) => sum + boundText(tokenizer, textOf(text)) + TOKENS_AROUND_INPUT,
      TOKENS_AROUND_INPUT,
    ),
    unbounded: others,
    inputBuckets: ['input', 'imageInput'],
    tokenizer,
  });
}
