import type { EncodingName } from './rank-table.js';
import { textCounter } from './text-counter.js';

/**
 * How far a model's own tokenizer can exceed a count with OpenAI's vocabulary. Factors and
 * constants were measured on recorded calls: never below the provider's count for text and tools.
 */
export interface TokenizerFamily {
  readonly encoding: EncodingName;
  /** Factor on the tokens of everything but numbers. */
  readonly wordFactor: number;
  /** True when the tokenizer makes one token of every digit. */
  readonly digitsApart: boolean;
  /** Added to every request. */
  readonly requestTokens: number;
  /** Added when tools or a structured output format are present. */
  readonly toolTokens: number;
  /** Added for every message. */
  readonly messageTokens: number;
}

const base = { encoding: 'o200k_base', digitsApart: true, messageTokens: 4 } as const;

export const openaiTokenizer: TokenizerFamily = {
  ...base,
  wordFactor: 1,
  digitsApart: false,
  requestTokens: 128,
  toolTokens: 128, // strict functions of the Responses API add about 190 in all
};
export const openaiLegacyTokenizer: TokenizerFamily = {
  ...openaiTokenizer,
  encoding: 'cl100k_base',
};
export const claudeTokenizer: TokenizerFamily = {
  ...base,
  wordFactor: 1.35,
  requestTokens: 64,
  toolTokens: 700,
};
export const claudeLaterTokenizer: TokenizerFamily = { ...claudeTokenizer, wordFactor: 2 };
export const mistralTokenizer: TokenizerFamily = {
  ...base,
  wordFactor: 1.6,
  requestTokens: 128,
  toolTokens: 720,
};
export const geminiTokenizer: TokenizerFamily = {
  ...base,
  wordFactor: 1.3,
  requestTokens: 64,
  toolTokens: 256,
};
export const openWeightsTokenizer: TokenizerFamily = {
  ...base,
  wordFactor: 1.4,
  requestTokens: 128,
  toolTokens: 720,
};

/** The tokenizer of a model; one that is not known gets the widest factor of its provider. */
export function tokenizerOf(provider: string, model: string): TokenizerFamily {
  const name = model.toLowerCase();
  if (provider === 'openai') {
    return /^(gpt-4(-|$)|gpt-3\.5|text-embedding)/.test(name)
      ? openaiLegacyTokenizer
      : openaiTokenizer;
  }
  if (provider === 'anthropic' || name.includes('claude')) {
    return /claude-(3|instant|2)|-4-[0-6](-|@|$)|-4(-20\d{6})?$|-4\.[0-6]/.test(name)
      ? claudeTokenizer
      : claudeLaterTokenizer;
  }
  if (/(^|[/.])(gemini|gemma)/.test(name)) return geminiTokenizer;
  return provider === 'mistral' || /mi[sx]tral|pixtral|voxtral/.test(name)
    ? mistralTokenizer
    : openWeightsTokenizer;
}

/** An upper bound for the tokens of one text; an exact count for OpenAI's models. */
export function boundText(family: TokenizerFamily, text: string): number {
  const count = textCounter(family.encoding).count(text);
  const numbers = family.digitsApart ? count.digits : count.numberTokens;
  return Math.min(count.bytes, Math.ceil(count.wordTokens * family.wordFactor) + numbers);
}

/** An upper bound for the texts of one request, with what the provider adds around them. */
export function boundRequestText(
  family: TokenizerFamily,
  request: {
    readonly texts: readonly string[];
    readonly messages: number;
    readonly hasTools: boolean;
  },
): number {
  const texts = request.texts.reduce((total, text) => total + boundText(family, text), 0);
  const around = family.requestTokens + family.messageTokens * request.messages;
  return texts + around + (request.hasTools ? family.toolTokens : 0);
}
