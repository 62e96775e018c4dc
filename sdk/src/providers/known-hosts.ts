/** Where providers live that a project most likely has keys for: the list of a project itself comes only with its session. */
const KNOWN_HOSTS: ReadonlySet<string> = new Set([
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
]);

/** True for a place that is a provider's whatever the project's secrets say. */
export function isKnownProviderHost(url: URL): boolean {
  return KNOWN_HOSTS.has(url.hostname);
}
