/**
 * Where providers live that a project most likely has keys for: the list of a project itself comes
 * only with its session. The server has the same list with their fields; a test compares the two.
 */
export const KNOWN_HOSTS: ReadonlySet<string> = new Set([
  'api.openai.com',
  'api.anthropic.com',
  'generativelanguage.googleapis.com',
  'api.mistral.ai',
  'api.groq.com',
  'api.deepseek.com',
  'api.x.ai',
  'openrouter.ai',
  'api.together.xyz',
  'api.fireworks.ai',
  'api.cerebras.ai',
  'api.cohere.com',
  'api.moonshot.ai',
  'api.perplexity.ai',
]);

/** Clouds give every customer or region a host of its own. The server has the same pattern; a test compares the two. */
export const cloudHosts =
  /\.openai\.azure\.com$|\.services\.ai\.azure\.com$|\.cognitiveservices\.azure\.com$|(^|-)aiplatform\.googleapis\.com$|^bedrock-(runtime|mantle)[.-][a-z0-9.-]+\.(amazonaws\.com|api\.aws)$/;

/** True for a place that is a provider's whatever the project's secrets say, in whatever region. */
export function isKnownProviderHost({ hostname }: URL): boolean {
  for (let start = 0; ;) {
    if (KNOWN_HOSTS.has(hostname.slice(start))) return true;
    const dot = hostname.indexOf('.', start);
    if (dot < 0) return cloudHosts.test(hostname);
    start = dot + 1;
  }
}
