import * as dialect from './dialects.js';
import type { UsageRules } from './usage-rules.js';

type Flavours = Readonly<Record<string, UsageRules>>;

const openAiCompatible: Flavours = {
  default: dialect.openAiChat,
  chat: dialect.openAiChat,
  responses: dialect.openAiResponses,
  embeddings: dialect.embeddings,
  rerank: dialect.tokenRerank,
};

/** What differs from {@link openAiCompatible}: the languages of each provider, by its name in the price table. */
const providers: Readonly<Record<string, Flavours>> = {
  openai: {
    chat: dialect.openAiChat,
    responses: dialect.openAiResponses,
    realtime: dialect.openAiRealtime,
    images: dialect.openAiImages,
    transcription: dialect.openAiTranscription,
    embeddings: dialect.embeddings,
  },
  azure: {
    chat: dialect.openAiChat,
    responses: dialect.openAiResponses,
    realtime: dialect.openAiRealtime,
    embeddings: dialect.embeddings,
    anthropic: dialect.anthropicResold,
  },
  anthropic: { default: dialect.anthropicMessages, chat: dialect.anthropicChat },
  aws: { default: dialect.bedrockConverse, anthropic: dialect.anthropicResold },
  google: {
    default: dialect.gemini,
    anthropic: dialect.anthropicResold,
    chat: dialect.audioChat,
  },
  mistral: {
    default: dialect.cachingChat,
    transcription: dialect.mistralTranscription,
    ocr: dialect.mistralOcr,
    ocr_annotated: dialect.mistralAnnotatedOcr,
  },
  groq: { default: dialect.audioChat },
  deepseek: { chat: dialect.speakingChat },
  fireworks: { chat: dialect.speakingChat },
  'x-ai': {
    default: dialect.xaiLegacy,
    chat: dialect.xaiChat,
    realtime: dialect.xaiRealtime,
  },
  cohere: {
    default: dialect.cohereBilled,
    tokens: dialect.cohereTokens,
    embeddings: dialect.cohereEmbeddings,
    rerank: dialect.cohereRerank,
  },
  ollama: { ...openAiCompatible, counts: dialect.ollamaCounts },
  perplexity: { default: dialect.perplexity },
  cerebras: { chat: dialect.plainChat },
  moonshotai: { chat: dialect.cachingChat },
  arcee: { default: dialect.cachingChat, chat: dialect.cachingChat },
  baseten: { chat: dialect.audioChat, anthropic: dialect.anthropicWithoutWrites },
  cloudflare: {
    default: dialect.cloudflare,
    chat: dialect.cachingChat,
    responses: dialect.cachingResponses,
    embeddings: dialect.embeddings,
  },
  cursor: { 'usage-event': dialect.cursorEvents },
  doubleword: {
    chat: dialect.cacheWritingChat,
    responses: dialect.plainResponses,
    embeddings: dialect.embeddings,
  },
  'github-copilot': {
    chat: dialect.cachingChat,
    responses: dialect.openAiResponses,
    anthropic: dialect.anthropicResold,
  },
  minimax: {
    default: dialect.anthropicResold,
    responses: dialect.plainResponses,
    chat: dialect.cachingChat,
  },
  modal: { chat: dialect.modalChat, responses: dialect.openAiResponses },
  typesafe: { default: dialect.totalsOnly },
  zai: { chat: dialect.cachingChat },
  zhipuai: { chat: dialect.cachingChat },
};

/**
 * How a provider tells usage.
 * @param flavour one of its languages: `chat`, `responses`, `anthropic`, …
 * @returns undefined for a language that it does not speak; a provider that is not known speaks OpenAI's
 */
export function usageRulesOf(provider: string, flavour: string): UsageRules | undefined {
  const flavours = Object.hasOwn(providers, provider) ? providers[provider] : openAiCompatible;
  return flavours !== undefined && Object.hasOwn(flavours, flavour) ? flavours[flavour] : undefined;
}
