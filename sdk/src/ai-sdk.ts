/** `@iron-cage/sdk/ai-sdk`: for the Vercel AI SDK. */
import { callInScope, type ScopeOptions } from './adapters/scope.js';
import { findIronCageError } from './errors/iron-cage-error.js';

export type { ScopeOptions } from './adapters/scope.js';

/** What `wrapLanguageModel({ middleware })` takes. */
export interface IronCageMiddleware {
  wrapGenerate<T>(call: { doGenerate: () => PromiseLike<T> }): Promise<T>;
  wrapStream<T>(call: { doStream: () => PromiseLike<T> }): Promise<T>;
}

/**
 * A middleware for language models: their calls tell for whom they are made, and throw Iron Cage's
 * errors unwrapped. Limits hold for each call of the model; for those of a whole `generateText()`
 * with its steps and retries use `cage.withBudget()` around it.
 */
export function ironCageMiddleware(options: ScopeOptions = {}): IronCageMiddleware {
  return {
    wrapGenerate: ({ doGenerate }) => callInScope(options, doGenerate),
    wrapStream: ({ doStream }) => callInScope(options, doStream),
  };
}

/**
 * The text of what `streamText()` returned. `textStream` alone ends without a word when a call was
 * stopped: this throws the error.
 * @throws IronCageError, or what else went wrong
 */
export async function* textOf(result: {
  readonly fullStream: AsyncIterable<{ readonly type: string }>;
}): AsyncGenerator<string, void, undefined> {
  for await (const part of result.fullStream) {
    if (part.type === 'error') {
      const error: unknown = Reflect.get(part, 'error');
      throw findIronCageError(error) ?? asError(error);
    }
    const text: unknown = part.type === 'text-delta' ? Reflect.get(part, 'text') : undefined;
    if (typeof text === 'string') yield text;
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
