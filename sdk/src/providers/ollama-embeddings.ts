import { boundText, tokenizerOf } from '../tokens/text-bound.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { textOf } from './call-plan.js';
import { inputOnly, inputOnlyPlan } from './input-only.js';
import { ollamaUsage } from './ollama-common.js';

/** What a model's own template may put around one input. */
const TOKENS_AROUND_INPUT = 8;

/** `POST /api/embed` of Ollama: has input only. */
export const ollamaEmbed = embeddingsOf('embed', 'input');
/** `POST /api/embeddings`, its predecessor: tells no usage, so that its bound is booked. */
export const ollamaEmbeddings = embeddingsOf('embeddings', 'prompt');

function embeddingsOf(name: string, field: string): Endpoint {
  return {
    ...inputOnly,
    name,
    plan: (body, target) => planEmbeddings(body, target, field),
    readUsage: ollamaUsage,
  };
}

function planEmbeddings(body: JsonObject, { provider }: CallTarget, field: string): CallPlan {
  const model = textOf(body['model']);
  const tokenizer = tokenizerOf(provider, model);
  const input = body[field];
  const inputs: readonly unknown[] = Array.isArray(input) ? input : [input];
  return inputOnlyPlan({
    provider,
    model,
    inputTokens: inputs.reduce<number>(
      (sum, text) => sum + boundText(tokenizer, textOf(text)) + TOKENS_AROUND_INPUT,
      TOKENS_AROUND_INPUT,
    ),
    unbounded: inputs.every(isText) ? [] : ['an input that is not text'],
    tokenizer,
  });
}

/** Without an input nothing is embedded: the model is fetched only. */
function isText(input: unknown): boolean {
  return typeof input === 'string' || input === undefined;
}
