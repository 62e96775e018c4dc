import type { EncodingName } from './rank-table.js';
import { referencedTexts } from './schema-references.js';
import { textCounter } from './text-counter.js';

/**
 * How far a model's own tokenizer can exceed a count with OpenAI's vocabulary. Factors and
 * constants were measured on recorded calls, with room for what was not recorded: never below the
 * provider's count for text and tools.
 */
export interface TokenizerFamily {
  readonly encoding: EncodingName;
  /** Factor on the tokens of everything but numbers. */
  readonly wordFactor: number;
  /**
   * Added for every byte of UTF-8 beyond one per UTF-16 unit: 2 for a Chinese or Hindi letter, 1 for
   * a Russian or Arabic one. OpenAI's vocabulary writes these scripts shorter than most others.
   */
  readonly foreignFactor: number;
  /** True when the tokenizer makes one token of every digit. */
  readonly digitsApart: boolean;
  /** Added to every request: what a provider writes before the prompt. */
  readonly requestTokens: number;
  /** Added when tools are present. */
  readonly toolTokens: number;
  /** Added when a structured output format is present. */
  readonly formatTokens: number;
  /** Added for every message. */
  readonly messageTokens: number;
  /** True when schemas are written out: the text behind a `$ref` wherever it is used. */
  readonly resolvesReferences: boolean;
}

/** Counting a role or a name takes no longer than remembering that it is to be counted. */
const SHORT = 24;

const base = {
  encoding: 'o200k_base',
  foreignFactor: 0.6,
  digitsApart: true,
  requestTokens: 128,
  toolTokens: 720, // Llama 4 on Groq has 670
  formatTokens: 256,
  messageTokens: 4,
  resolvesReferences: false,
} as const;

export const openaiTokenizer: TokenizerFamily = {
  ...base,
  wordFactor: 1,
  foreignFactor: 0,
  digitsApart: false,
  // o3-mini has 61 before the first word
  toolTokens: 160, // strict functions of the Responses API add about 200 in all
  formatTokens: 160,
};
export const openaiLegacyTokenizer: TokenizerFamily = {
  ...openaiTokenizer,
  encoding: 'cl100k_base',
};
/** OpenAI's open models: their own vocabulary, a longer prompt of the format, and many hosts. */
export const gptOssTokenizer: TokenizerFamily = {
  ...openaiTokenizer,
  wordFactor: 1.1,
  requestTokens: 128,
  toolTokens: 256,
  formatTokens: 256,
};
/** Tools 510 to 660, a format 136 (platform documentation: 313 and 346 for the tools' prompt alone). */
export const claudeTokenizer: TokenizerFamily = {
  ...base,
  wordFactor: 1.45,
  requestTokens: 64,
  toolTokens: 700,
  formatTokens: 200,
};
export const claudeLaterTokenizer: TokenizerFamily = { ...claudeTokenizer, wordFactor: 2 };
export const mistralTokenizer: TokenizerFamily = { ...base, wordFactor: 1.6, toolTokens: 256 };
export const geminiTokenizer: TokenizerFamily = {
  ...base,
  wordFactor: 1.3,
  foreignFactor: 0.25,
  requestTokens: 64,
  toolTokens: 192,
  formatTokens: 192,
  resolvesReferences: true,
};
/** Grok 4 has about 680 tokens before the first word of a prompt. */
export const grokTokenizer: TokenizerFamily = { ...base, wordFactor: 1.4, requestTokens: 1_024 };
export const openWeightsTokenizer: TokenizerFamily = { ...base, wordFactor: 1.4 };

/** Names of OpenAI's models, also behind a gateway or a cloud: `openai/gpt-5`, `openai.gpt-5`. */
const openaiNames = /(?:^|[/.])(gpt-[3-9].*|chatgpt-.*|o[1-9](?:-.*)?)$/;
const openaiLegacyNames = /^(gpt-4(-|$)|gpt-3\.5|text-embedding)/;

/** The tokenizer of a model; one that is not known gets the widest factor of its provider. */
export function tokenizerOf(provider: string, model: string): TokenizerFamily {
  const name = model.toLowerCase();
  if (name.includes('gpt-oss')) return gptOssTokenizer;
  const [, openai] = openaiNames.exec(name) ?? [];
  if (provider === 'openai' || openai !== undefined) {
    return openaiLegacyNames.test(openai ?? name) ? openaiLegacyTokenizer : openaiTokenizer;
  }
  if (provider === 'anthropic' || name.includes('claude')) {
    return /claude-(3|instant|2)|-4-[0-6](-|@|$)|-4(-20\d{6})?$|-4\.[0-6]/.test(name)
      ? claudeTokenizer
      : claudeLaterTokenizer;
  }
  if (/(^|[/.])(gemini|gemma)/.test(name)) return geminiTokenizer;
  if (provider === 'x-ai' || /(^|[/.])grok-\d/.test(name)) return grokTokenizer;
  return provider === 'mistral' || /mi[sx]tral|pixtral|voxtral/.test(name)
    ? mistralTokenizer
    : openWeightsTokenizer;
}

/** An upper bound for the tokens of one text; an exact count for OpenAI's models. */
export function boundText(family: TokenizerFamily, text: string): number {
  const count = textCounter(family.encoding).count(text);
  const numbers = family.digitsApart ? count.digits : count.numberTokens;
  const foreign = (count.bytes - text.length) * family.foreignFactor;
  return Math.min(count.bytes, Math.ceil(count.wordTokens * family.wordFactor + foreign) + numbers);
}

/** What a request is made of, as far as it becomes text. */
export interface RequestText {
  readonly texts: readonly string[];
  readonly messages: number;
  /** Lists of definitions of tools; what is absent or empty counts nothing. */
  readonly tools: readonly unknown[];
  /** Schemas that the answer must have. */
  readonly formats: readonly unknown[];
}

/** An upper bound for the texts of one request, with what the provider adds around them. */
export function boundRequestText(family: TokenizerFamily, request: RequestText): number {
  return sumOf(family, request, (text) => boundText(family, text));
}

/** A bound that is told at once, and the one by exact count for when there is time to count. */
export interface InputBound {
  readonly inputTokens: number;
  /** The exact count; absent where `inputTokens` is exact already. */
  readonly countInput?: () => number;
}

/**
 * The bound of a request's input without making it wait: texts that were counted before (an agent
 * sends its history again) count exactly, new ones with a token for each of their bytes for now.
 * @param request with the tokens of what is not text
 */
export function boundInput(
  family: TokenizerFamily,
  request: RequestText & { readonly besideTokens: number },
): InputBound {
  const { besideTokens } = request;
  const counter = textCounter(family.encoding);
  let uncounted = 0;
  const inputTokens = sumOf(family, request, (text) => {
    if (text.length < SHORT || counter.knows(text)) return boundText(family, text);
    uncounted += 1;
    return Buffer.byteLength(text);
  });
  if (uncounted === 0) return { inputTokens: besideTokens + inputTokens };
  return {
    inputTokens: besideTokens + inputTokens,
    countInput: () => besideTokens + boundRequestText(family, request),
  };
}

function sumOf(
  family: TokenizerFamily,
  request: RequestText,
  tokensOf: (text: string) => number,
): number {
  const tools = request.tools.filter(isThere);
  const formats = request.formats.filter(isThere);
  let tokens = family.requestTokens + family.messageTokens * request.messages;
  for (const text of request.texts) tokens += tokensOf(text);
  for (const each of [...tools, ...formats]) {
    tokens += tokensOf(JSON.stringify(each));
    if (family.resolvesReferences) {
      for (const text of referencedTexts(each)) tokens += tokensOf(text);
    }
  }
  if (tools.length > 0) tokens += family.toolTokens;
  if (formats.length > 0) tokens += family.formatTokens;
  return tokens;
}

function isThere(part: unknown): boolean {
  return part !== undefined && part !== null && !(Array.isArray(part) && part.length === 0);
}
