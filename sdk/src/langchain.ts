/** `@iron-cage/sdk/langchain`: for LangChain.js and LangGraph. */
import { withScope, type ScopeOptions } from './adapters/scope.js';

export type { ScopeOptions } from './adapters/scope.js';

const methods = new Set([
  'batch',
  'embedDocuments',
  'embedQuery',
  'generate',
  'invoke',
  'stream',
  'streamEvents',
  'streamLog',
]);

/**
 * The same model, chain, agent, graph or embeddings, whose calls tell for whom they are made, stay
 * within limits, and throw Iron Cage's errors unwrapped. Wrap what you invoke, not what is inside:
 * everything that it calls counts, models in tools and retries too.
 *
 * `run` is the thread (`configurable.thread_id`) or the `runId` of a call unless it is given;
 * limits hold for each call of `invoke`, `stream` and so on.
 *
 * Errors of a stream that has begun come as LangChain throws them: use `findIronCageError()`.
 */
export function withIronCage<T extends object>(runnable: T, options: ScopeOptions = {}): T {
  return withScope(runnable, methods, (given) => {
    const run = options.run ?? runOf(given[1]);
    return run === undefined ? options : { ...options, run };
  });
}

function runOf(config: unknown): string | undefined {
  const thread = at(at(config, 'configurable'), 'thread_id') ?? at(config, 'runId');
  return typeof thread === 'string' && thread !== '' ? thread.slice(0, 150) : undefined;
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
