import { type Answer, calls, pieces } from './counting-provider.js';

type Json = Record<string, unknown>;

export function apiOfOllama(path: string): 'ollama' | 'ollamaEmbeddings' | undefined {
  if (/\/api\/(chat|generate)$/.test(path)) return 'ollama';
  return /\/api\/(embed|embeddings)$/.test(path) ? 'ollamaEmbeddings' : undefined;
}

/** What is zero is left out. */
function countsOf({ usage, reply }: Answer): Json {
  if (reply.hideUsage === true) return {};
  return {
    ...(usage.input > 0 && { prompt_eval_count: usage.input }),
    ...(usage.output > 0 && { eval_count: usage.output }),
  };
}

/** A conversation is answered with a message, a prompt with text. */
function said(given: Answer, text: string, more: Json = {}): Json {
  const about = { model: given.model, created_at: '2026-11-23T12:00:00.000000Z' };
  return 'messages' in given.body
    ? { ...about, message: { role: 'assistant', content: text, ...more } }
    : { ...about, response: text };
}

function toolCalls(given: Answer): Json {
  const called = calls(given).map(({ name, arguments: values }) => ({
    function: { name, arguments: values },
  }));
  return called.length > 0 ? { tool_calls: called } : {};
}

function end(given: Answer): Json {
  const reason = given.reply.loads === true ? 'load' : 'stop';
  return { done: true, done_reason: reason, total_duration: 1_000_000, ...countsOf(given) };
}

export function ollama(given: Answer): Json {
  return { ...said(given, given.reply.text ?? '', toolCalls(given)), ...end(given) };
}

export function ollamaLines(given: Answer): string[] {
  const called = toolCalls(given);
  return [
    ...pieces(given.reply.text ?? '').map((piece) => ({ ...said(given, piece), done: false })),
    ...('tool_calls' in called ? [{ ...said(given, '', called), done: false }] : []),
    { ...said(given, ''), ...end(given) },
  ].map((line) => `${JSON.stringify(line)}\n`);
}

/** The older of the two ways takes one prompt and tells no counts. */
export function ollamaEmbeddings(given: Answer): Json {
  const { input } = given.body;
  if (input === undefined) return { embedding: [0.25, 0.5] };
  const inputs: unknown[] = Array.isArray(input) ? input : [input];
  return { model: given.model, embeddings: inputs.map(() => [0.25, 0.5]), ...countsOf(given) };
}
