/** Providers that are known by name: where their keys may be sent, and what their fields are called. */
export interface KnownProvider {
  readonly id: string;
  readonly name: string;
  readonly hosts: readonly string[];
  readonly fields: readonly string[];
}

export const PROVIDERS: readonly KnownProvider[] = [
  { id: 'openai', name: 'OpenAI', hosts: ['api.openai.com'], fields: ['OPENAI_API_KEY'] },
  {
    id: 'anthropic',
    name: 'Anthropic',
    hosts: ['api.anthropic.com'],
    fields: ['ANTHROPIC_API_KEY'],
  },
  {
    id: 'google',
    name: 'Google Gemini',
    hosts: ['generativelanguage.googleapis.com'],
    fields: ['GOOGLE_API_KEY'],
  },
  { id: 'mistral', name: 'Mistral', hosts: ['api.mistral.ai'], fields: ['MISTRAL_API_KEY'] },
  { id: 'groq', name: 'Groq', hosts: ['api.groq.com'], fields: ['GROQ_API_KEY'] },
  { id: 'deepseek', name: 'DeepSeek', hosts: ['api.deepseek.com'], fields: ['DEEPSEEK_API_KEY'] },
  { id: 'x-ai', name: 'xAI', hosts: ['api.x.ai'], fields: ['XAI_API_KEY'] },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    hosts: ['openrouter.ai'],
    fields: ['OPENROUTER_API_KEY'],
  },
  {
    id: 'together',
    name: 'Together AI',
    hosts: ['api.together.xyz'],
    fields: ['TOGETHER_API_KEY'],
  },
  {
    id: 'fireworks',
    name: 'Fireworks',
    hosts: ['api.fireworks.ai'],
    fields: ['FIREWORKS_API_KEY'],
  },
  { id: 'cerebras', name: 'Cerebras', hosts: ['api.cerebras.ai'], fields: ['CEREBRAS_API_KEY'] },
  { id: 'cohere', name: 'Cohere', hosts: ['api.cohere.com'], fields: ['COHERE_API_KEY'] },
  {
    id: 'moonshotai',
    name: 'Moonshot AI',
    hosts: ['api.moonshot.ai'],
    fields: ['MOONSHOT_API_KEY'],
  },
  {
    id: 'perplexity',
    name: 'Perplexity',
    hosts: ['api.perplexity.ai'],
    fields: ['PERPLEXITY_API_KEY'],
  },
];

export function knownProvider(id: string): KnownProvider | undefined {
  return PROVIDERS.find((provider) => provider.id === id);
}

/** Where clouds serve models, each customer under a name of its own. The SDK refuses the same; a test compares the two. */
export const CLOUD_HOSTS =
  /\.openai\.azure\.com$|\.services\.ai\.azure\.com$|\.cognitiveservices\.azure\.com$|(^|-)aiplatform\.googleapis\.com$|^bedrock-(runtime|mantle)[.-][a-z0-9.-]+\.(amazonaws\.com|api\.aws)$/;

/** @param host as a secret names it, with or without a port; regional names of a provider are its hosts too */
export function isProviderHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return (
    CLOUD_HOSTS.test(name) ||
    PROVIDERS.some(({ hosts }) => hosts.some((one) => name === one || name.endsWith(`.${one}`)))
  );
}
