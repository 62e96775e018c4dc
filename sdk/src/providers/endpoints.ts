import { EndpointNotMeteredError } from '../errors/catalogue.js';
import { anthropicMessages } from './anthropic-messages.js';
import type { Endpoint } from './call-plan.js';
import { openAiChat } from './openai-chat.js';
import { openAiEmbeddings } from './openai-embeddings.js';
import { openAiResponses } from './openai-responses.js';

interface Dialect {
  readonly metered: readonly (readonly [RegExp, Endpoint])[];
  /** `METHOD /path`: routes that cost nothing. Anything else is refused. */
  readonly free: readonly RegExp[];
}

const openAiDialect: Dialect = {
  metered: [
    [/\/chat\/completions\/?$/, openAiChat],
    [/\/responses\/?$/, openAiResponses],
    [/\/embeddings\/?$/, openAiEmbeddings],
  ],
  free: [
    /^(GET|HEAD) (\/[\w.-]+)*\/models(\/[\w.:@/-]+)?$/,
    /^(GET|DELETE) (\/[\w.-]+)*\/responses\/[\w-]+(\/input_items)?$/,
    /^POST (\/[\w.-]+)*\/responses\/[\w-]+\/cancel$/,
    /^POST (\/[\w.-]+)*\/moderations$/,
  ],
};

const anthropicDialect: Dialect = {
  metered: [[/\/v1\/messages\/?$/, anthropicMessages]],
  free: [/^(GET|HEAD) \/v1\/models(\/[\w.:@-]+)?$/, /^POST \/v1\/messages\/count_tokens$/],
};

const dialects: Readonly<Record<string, Dialect>> = {
  openai: openAiDialect,
  anthropic: anthropicDialect,
  // Providers that speak OpenAI's dialect.
  cerebras: openAiDialect,
  deepseek: openAiDialect,
  fireworks: openAiDialect,
  groq: openAiDialect,
  mistral: openAiDialect,
  openrouter: openAiDialect,
  together: openAiDialect,
  'x-ai': openAiDialect,
};

export type EndpointMatch =
  { readonly kind: 'metered'; readonly endpoint: Endpoint } | { readonly kind: 'free' | 'unknown' };

/** Finds out how a request to a provider's host is metered; closed by default. */
export function matchEndpoint(provider: string, method: string, url: URL): EndpointMatch {
  const dialect = Object.hasOwn(dialects, provider) ? dialects[provider] : undefined;
  if (dialect === undefined) return { kind: 'unknown' };
  const path = url.pathname;
  if (method === 'POST') {
    const found = dialect.metered.find(([pattern]) => pattern.test(path));
    if (found !== undefined) return { kind: 'metered', endpoint: found[1] };
  }
  const isFree = dialect.free.some((pattern) => pattern.test(`${method} ${path}`));
  return { kind: isFree ? 'free' : 'unknown' };
}

/** True when some provider would meter this path: a call to a model, as far as one can tell without knowing the host. */
export function looksMetered(method: string, url: URL): boolean {
  const patterns = [...openAiDialect.metered, ...anthropicDialect.metered];
  return method === 'POST' && patterns.some(([pattern]) => pattern.test(url.pathname));
}

/** The refusal of a request that cannot be metered: of a provider at all, or of this place of it. */
export function notMetered(
  provider: string,
  method: string,
  path: string,
): EndpointNotMeteredError {
  const why = Object.hasOwn(dialects, provider)
    ? `${method} ${path} of ${provider} cannot be metered by this SDK, so it is refused. Chat ` +
      'completions, responses, embeddings and messages are metered.'
    : `This SDK cannot meter ${provider} yet, so ${method} ${path} is refused. OpenAI, Anthropic ` +
      "and providers that speak OpenAI's language are metered; the README lists them.";
  return new EndpointNotMeteredError(why, { status: 400, details: { provider, method, path } });
}
