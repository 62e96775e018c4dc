import { boundText, tokenizerOf } from '../tokens/text-bound.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { isObject, listOf, textOf } from './call-plan.js';
import { inputOnly, inputOnlyPlan } from './input-only.js';
import { toldUsage } from './told-usage.js';

/** A search unit is one query and so many documents (Cohere, "How pricing works"). */
const DOCUMENTS_PER_UNIT = 100;
/** A document is cut where it and the query together are longer; each piece is a document. */
const TOKENS_PER_DOCUMENT = 500;
/** The query takes half of that at most. */
const TOKENS_BESIDE_QUERY = 250;

/** `POST /v2/rerank`, and that of others who speak the same language: paid by the search, or by the token. */
export const rerank: Endpoint = {
  ...inputOnly,
  name: 'rerank',
  plan: planRerank,
  readUsage: (answer, provider) => toldUsage(provider, 'rerank', answer),
};

function planRerank(body: JsonObject, { provider }: CallTarget): CallPlan {
  const model = textOf(body['model']);
  const tokenizer = tokenizerOf(provider, model);
  const query = boundText(tokenizer, textOf(body['query']));
  const room = Math.max(TOKENS_BESIDE_QUERY, TOKENS_PER_DOCUMENT - query);
  let tokens = 0;
  let pieces = 0;
  for (const document of listOf(body['documents'])) {
    const text = isObject(document) ? JSON.stringify(document) : textOf(document);
    const length = boundText(tokenizer, text);
    tokens += query + length;
    pieces += Math.max(1, Math.ceil(length / room));
  }
  return inputOnlyPlan({
    provider,
    model,
    inputTokens: tokens,
    tokenizer,
    ...(provider === 'cohere' && {
      units: { searchUnits: Math.ceil(pieces / DOCUMENTS_PER_UNIT) },
    }),
  });
}
