/** `@iron-cage/sdk/llamaindex`: for LlamaIndex.TS. */
import { withScope, type ScopeOptions } from './adapters/scope.js';

export type { ScopeOptions } from './adapters/scope.js';

const methods = new Set([
  'chat',
  'complete',
  'getQueryEmbedding',
  'getTextEmbedding',
  'getTextEmbeddings',
  'getTextEmbeddingsBatch',
  'query',
  'retrieve',
  'run',
]);

/**
 * The same model, embedding, engine or workflow, whose calls tell for whom they are made, stay
 * within limits (each call by itself), and throw Iron Cage's errors unwrapped.
 */
export function withIronCage<T extends object>(target: T, options: ScopeOptions = {}): T {
  return withScope(target, methods, () => options);
}
