import { EndpointNotMeteredError } from '../errors/catalogue.js';
import { anthropicBatches } from './anthropic-batches.js';
import { anthropicMessages } from './anthropic-messages.js';
import { bedrockConverse } from './bedrock-converse.js';
import { bedrockInvoke } from './bedrock-invoke.js';
import type { Endpoint } from './call-plan.js';
import { cohereChat } from './cohere-chat.js';
import { cohereEmbeddings } from './cohere-embeddings.js';
import { geminiEmbeddings } from './gemini-embeddings.js';
import { geminiGenerate } from './gemini-generate.js';
import { ollamaChat, ollamaGenerate } from './ollama-answers.js';
import { ollamaEmbed, ollamaEmbeddings } from './ollama-embeddings.js';
import { openAiBatches } from './openai-batches.js';
import { openAiChat } from './openai-chat.js';
import { openAiEmbeddings } from './openai-embeddings.js';
import { openAiImageEdits, openAiImages } from './openai-images.js';
import { openAiResponses } from './openai-responses.js';
import { openAiSpeech } from './openai-speech.js';
import { openAiTranscription } from './openai-transcription.js';
import { rerank } from './rerank.js';

interface Dialect {
  readonly metered: readonly (readonly [RegExp, Endpoint])[];
  /** Where files go that batches are made of. */
  readonly uploads?: RegExp;
  /** `METHOD /path`: routes that cost nothing. Anything else is refused. */
  readonly free: readonly RegExp[];
}

/** OpenAI's language, which nearly everybody speaks beside their own. */
const openAiPaths: Dialect['metered'] = [
  [/\/chat\/completions\/?$/, openAiChat],
  [/\/responses\/?$/, openAiResponses],
  [/\/embeddings\/?$/, openAiEmbeddings],
  [/\/images\/generations\/?$/, openAiImages],
  [/\/images\/edits\/?$/, openAiImageEdits],
  [/\/audio\/speech\/?$/, openAiSpeech],
  [/\/audio\/(transcriptions|translations)\/?$/, openAiTranscription],
  [/\/rerank\/?$/, rerank],
  [/(?<!\/messages)\/batches\/?$/, openAiBatches],
];
/** Anthropic's own, and as clouds and gateways resell it. */
const anthropicPaths: Dialect['metered'] = [
  [/\/v1\/messages\/?$/, anthropicMessages],
  [/\/v1\/messages\/batches\/?$/, anthropicBatches],
];
const countingIsFree = /^POST (\/[\w.-]+)*\/v1\/messages\/count_tokens$/;
const listingIsFree = /^(GET|HEAD) (\/[\w.-]+)*\/models(\/[\w.:@/-]+)?$/;

/** To look after batches and files costs nothing. */
const keepingIsFree: readonly RegExp[] = [
  /^(GET|DELETE) (\/[\w.-]+)*\/messages\/batches(\/[\w-]+(\/results)?)?$/,
  /^GET (\/[\w.-]+)*\/batches(\/[\w-]+)?$/,
  /^POST (\/[\w.-]+)*\/batches\/[\w-]+\/cancel$/,
  /^(GET|DELETE) (\/[\w.-]+)*\/files(\/[\w-]+(\/content)?)?$/,
];

const openAiDialect: Dialect = {
  metered: [...openAiPaths, ...anthropicPaths],
  uploads: /\/files\/?$/,
  free: [
    listingIsFree,
    countingIsFree,
    ...keepingIsFree,
    /^(GET|DELETE) (\/[\w.-]+)*\/responses\/[\w-]+(\/input_items)?$/,
    /^POST (\/[\w.-]+)*\/responses\/[\w-]+\/cancel$/,
    /^POST (\/[\w.-]+)*\/moderations$/,
  ],
};

/** The others, by the provider's name; who is not here speaks OpenAI's language. */
const dialects: Readonly<Record<string, Dialect>> = {
  anthropic: {
    metered: [...anthropicPaths, [/^\/v1\/chat\/completions\/?$/, openAiChat]],
    free: [listingIsFree, countingIsFree, ...keepingIsFree],
  },
  google: {
    metered: [
      [
        /\/(models|endpoints|tunedModels)\/[^/:]+:(generateContent|streamGenerateContent)$/,
        geminiGenerate,
      ],
      [/\/models\/[^/:]+:(embedContent|batchEmbedContents)$/, geminiEmbeddings],
      [/\/publishers\/anthropic\/models\/[^/:]+:(rawPredict|streamRawPredict)$/, anthropicMessages],
      [/\/openai\/chat\/completions$|\/endpoints\/[^/]+\/chat\/completions$/, openAiChat],
      [/\/openai\/embeddings$/, openAiEmbeddings],
    ],
    free: [listingIsFree, /^POST (\/[\w.@-]+)*\/models\/[\w.@-]+:countTokens$/],
  },
  aws: {
    metered: [
      [/^\/model\/[^/]+\/converse(-stream)?$/, bedrockConverse],
      [/^\/model\/[^/]+\/invoke(-with-response-stream)?$/, bedrockInvoke],
      ...openAiPaths,
      ...anthropicPaths,
    ],
    free: [listingIsFree, /^POST \/model\/[^/]+\/count-tokens$/],
  },
  cohere: {
    metered: [
      [/^\/v2\/chat$/, cohereChat],
      [/^\/v[12]\/embed$/, cohereEmbeddings],
      [/^\/v[12]\/rerank$/, rerank],
      [/\/compatibility\/v1\/chat\/completions$/, openAiChat],
      [/\/compatibility\/v1\/embeddings$/, openAiEmbeddings],
    ],
    free: [listingIsFree, /^POST \/v1\/(tokenize|detokenize)$/],
  },
  ollama: {
    metered: [
      [/\/api\/chat\/?$/, ollamaChat],
      [/\/api\/generate\/?$/, ollamaGenerate],
      [/\/api\/embed\/?$/, ollamaEmbed],
      [/\/api\/embeddings\/?$/, ollamaEmbeddings],
      ...openAiPaths,
      ...anthropicPaths,
    ],
    free: [
      listingIsFree,
      /^(GET|HEAD) (\/[\w.-]+)*\/api\/(tags|ps|version)$/,
      /^POST (\/[\w.-]+)*\/api\/show$/,
    ],
  },
};

/** Why places that many know are refused. */
const refusals: readonly (readonly [RegExp, string])[] = [
  [
    /\/batches|batchPredictionJobs|:batchGenerateContent/,
    'what a batch of this provider costs is not in the request',
  ],
  [/\/realtime/, 'a conversation has no end that could be bounded'],
  [
    /\/api\/(pull|push|create|copy|delete|blobs)/,
    'which models there are is not for agents to change',
  ],
  [/\/images\/variations/, 'no model that makes them has a price'],
  [/\/(uploads|cachedContents|vector_stores)/, 'storing is paid by the hour'],
  [
    /\/(fine_tuning|fine-tuning|assistants|threads|containers|videos|agents)/,
    'it runs at the provider',
  ],
];

export type EndpointMatch =
  | { readonly kind: 'metered'; readonly endpoint: Endpoint }
  | { readonly kind: 'free' | 'upload' | 'unknown' };

/** Finds out how a request to a provider's host is metered; closed by default. */
export function matchEndpoint(provider: string, method: string, url: URL): EndpointMatch {
  const dialect = dialectOf(provider);
  const path = url.pathname;
  if (method === 'POST') {
    const found = dialect.metered.find(([pattern]) => pattern.test(path));
    if (found !== undefined) return { kind: 'metered', endpoint: found[1] };
    if (dialect.uploads?.test(path) === true) return { kind: 'upload' };
  }
  const isFree = dialect.free.some((pattern) => pattern.test(`${method} ${path}`));
  return { kind: isFree ? 'free' : 'unknown' };
}

/** True when some provider would meter this path: a call to a model, as far as one can tell without knowing the host. */
export function looksMetered(method: string, url: URL): boolean {
  const patterns = [openAiDialect, ...Object.values(dialects)].flatMap(({ metered }) => metered);
  return method === 'POST' && patterns.some(([pattern]) => pattern.test(url.pathname));
}

/** The refusal of a place that cannot be metered. */
export function notMetered(
  provider: string,
  method: string,
  path: string,
): EndpointNotMeteredError {
  const [, reason] = refusals.find(([pattern]) => pattern.test(path)) ?? [];
  const names = [...new Set(dialectOf(provider).metered.map(([, { name }]) => name))];
  return new EndpointNotMeteredError(
    `${method} ${path} of ${provider} cannot be metered by this SDK` +
      `${reason === undefined ? '' : ` (${reason})`}, so it is refused. ` +
      `Metered are: ${names.join(', ')}.`,
    { status: 400, details: { provider, method, path } },
  );
}

function dialectOf(provider: string): Dialect {
  return (Object.hasOwn(dialects, provider) ? dialects[provider] : undefined) ?? openAiDialect;
}
