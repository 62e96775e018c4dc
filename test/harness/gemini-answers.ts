import { type Answer, calls, pieces } from './counting-provider.js';

type Json = Record<string, unknown>;

/** Google counts cached tokens in the prompt, and thoughts beside the candidates. */
function usageMetadata({ usage, reply }: Answer): Json {
  if (reply.hideUsage === true) return {};
  const prompt = usage.input + usage.cacheRead;
  return {
    usageMetadata: {
      promptTokenCount: prompt,
      candidatesTokenCount: usage.output - usage.reasoning,
      ...(usage.reasoning > 0 ? { thoughtsTokenCount: usage.reasoning } : {}),
      ...(usage.cacheRead > 0 ? { cachedContentTokenCount: usage.cacheRead } : {}),
      totalTokenCount: prompt + usage.output,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt }],
    },
  };
}

function part(given: Answer, parts: readonly Json[], finishReason?: string): Json {
  return {
    candidates: [
      { index: 0, content: { role: 'model', parts }, ...(finishReason && { finishReason }) },
    ],
    modelVersion: given.model,
    responseId: `r${given.number}`,
  };
}

function functionCalls(given: Answer): Json[] {
  return calls(given).map(({ name, arguments: args }) => ({ functionCall: { name, args } }));
}

export function gemini(given: Answer): Json {
  const { text } = given.reply;
  const parts = [...(text === undefined ? [] : [{ text }]), ...functionCalls(given)];
  return { ...part(given, parts, 'STOP'), ...usageMetadata(given) };
}

/** Every part tells the usage so far; only the last one is right. */
export function geminiList(given: Answer): Json[] {
  const partial = {
    ...given,
    usage: { ...given.usage, output: 1, reasoning: 0 },
  };
  return [
    ...pieces(given.reply.text ?? '').map((text) => ({
      ...part(given, [{ text }]),
      ...usageMetadata(partial),
    })),
    { ...part(given, functionCalls(given), 'STOP'), ...usageMetadata(given) },
  ];
}

export function geminiEvents(given: Answer): string[] {
  return geminiList(given).map((data) => `data: ${JSON.stringify(data)}\r\n\r\n`);
}
