import { usageRulesOf } from '../usage/provider-usage.js';
import { isObject, objectAt } from './call-plan.js';
import { foldUsage, type FoldedUsage } from '../usage/usage-reading.js';

/** In which order a provider's languages are tried for an endpoint that speaks one of them. */
const flavoursOf = {
  chat: ['chat', 'default'],
  responses: ['responses'],
  embeddings: ['embeddings'],
  images: ['images'],
  transcription: ['transcription'],
  rerank: ['rerank'],
  messages: ['default'],
  native: ['default'],
  billed: ['default', 'tokens', 'embeddings'],
  converse: ['default'],
  counts: ['counts'],
} as const;
export type SpokenLanguage = keyof typeof flavoursOf;

/** The provider that made a language: how it is read where the one that is asked has no rules for it. */
const makers: Readonly<Record<SpokenLanguage, string>> = {
  chat: 'openai',
  responses: 'openai',
  embeddings: 'openai',
  images: 'openai',
  transcription: 'openai',
  rerank: 'cohere',
  messages: 'anthropic',
  native: 'google',
  billed: 'cohere',
  converse: 'aws',
  counts: 'ollama',
};

/** What an answer tells about the usage, as its provider counts; undefined when it tells none. */
export function toldUsage(
  provider: string,
  language: SpokenLanguage,
  answer: unknown,
): FoldedUsage | undefined {
  // Anthropic's own rules know more than those of the clouds that resell it: how long a cache lives.
  const asked = language === 'messages' ? [makers.messages] : [provider, makers[language]];
  for (const each of asked) {
    for (const flavour of flavoursOf[language]) {
      const reading = usageRulesOf(each, flavour)?.read(answer);
      if (reading !== undefined) return foldUsage(reading);
    }
  }
  // Groq tells the usage of a stream here, too, whoever asked for it.
  const groq = objectAt(answer, 'x_groq');
  return language === 'chat' && isObject(groq['usage'])
    ? toldUsage(provider, language, groq)
    : undefined;
}
