/** `@iron-cage/sdk/openai-agents`: for the OpenAI Agents SDK. */
import { withScope, type ScopeOptions } from './adapters/scope.js';

export type { ScopeOptions } from './adapters/scope.js';

const methods = new Set(['run']);

/**
 * The same `Runner`, whose runs tell for whom they are made, stay within limits (each run by
 * itself), and throw Iron Cage's errors unwrapped. Guardrails, hand-offs, tools and retries count.
 * `agent` is the name of the agent that begins unless it is given.
 */
export function withIronCage<T extends { run: (...given: never[]) => unknown }>(
  runner: T,
  options: ScopeOptions = {},
): T {
  return withScope(runner, methods, ([agent]) => {
    const name = options.agent ?? nameOf(agent);
    return name === undefined ? options : { ...options, agent: name };
  });
}

function nameOf(agent: unknown): string | undefined {
  const name: unknown =
    typeof agent === 'object' && agent !== null ? Reflect.get(agent, 'name') : undefined;
  return typeof name === 'string' && name !== '' ? name.slice(0, 150) : undefined;
}
