import { boundText, tokenizerOf } from '../tokens/text-bound.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { listOf } from './call-plan.js';
import { modelOf } from './openai-common.js';
import { inputOnly, inputOnlyPlan } from './input-only.js';
import { toldUsage } from './told-usage.js';

/** What a provider may add around one input. */
const TOKENS_AROUND_INPUT = 4;

/** `POST …/embeddings`: has input only. */
export const openAiEmbeddings: Endpoint = {
  ...inputOnly,
  name: 'embeddings',
  plan: planEmbeddings,
  readUsage: (answer, provider) => toldUsage(provider, 'embeddings', answer),
};

function planEmbeddings(body: JsonObject, { provider, url }: CallTarget): CallPlan {
  const model = modelOf(body, url);
  const tokenizer = tokenizerOf(provider, model);
  const input = body['input'];
  const several = Array.isArray(input) && typeof input[0] !== 'number';
  const unbounded: string[] = [];
  let inputTokens = 0;
  for (const each of several ? listOf(input) : [input]) {
    inputTokens += TOKENS_AROUND_INPUT;
    if (typeof each === 'string') inputTokens += boundText(tokenizer, each);
    else if (Array.isArray(each)) inputTokens += each.length;
    else unbounded.push('an input that is neither text nor tokens');
  }
  return inputOnlyPlan({
    provider,
    model,
    inputTokens,
    unbounded,
    tokenizer,
  });
}
