import { type Answer, calls, pieces } from './counting-provider.js';

type Json = Record<string, unknown>;

/** What is billed, and beside it what the model saw: with the tokens that Cohere puts around it. */
function usageOf({ usage, reply }: Answer): Json {
  if (reply.hideUsage === true) return {};
  return {
    usage: {
      billed_units: { input_tokens: usage.input, output_tokens: usage.output },
      tokens: { input_tokens: usage.input + 61, output_tokens: usage.output + 2 },
    },
  };
}

function toolCalls(given: Answer): Json[] {
  return calls(given).map(({ id, name, arguments: values }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(values) },
  }));
}

export function cohere(given: Answer): Json {
  const { text } = given.reply;
  const called = toolCalls(given);
  return {
    id: `c${given.number}`,
    finish_reason: called.length > 0 ? 'TOOL_CALL' : 'COMPLETE',
    message: {
      role: 'assistant',
      ...(text !== undefined && { content: [{ type: 'text', text }] }),
      ...(called.length > 0 && { tool_calls: called }),
    },
    ...usageOf(given),
  };
}

export function cohereEvents(given: Answer): string[] {
  const event = (type: string, data: Json): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  return [
    event('message-start', { id: `c${given.number}`, delta: { message: { role: 'assistant' } } }),
    ...pieces(given.reply.text ?? '').map((text) =>
      event('content-delta', { index: 0, delta: { message: { content: { text } } } }),
    ),
    ...toolCalls(given).map((call, index) =>
      event('tool-call-start', { index, delta: { message: { tool_calls: call } } }),
    ),
    event('message-end', { delta: { finish_reason: 'COMPLETE', ...usageOf(given) } }),
  ];
}
