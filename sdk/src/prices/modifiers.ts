/**
 * How a call was served, as its provider told it, where that changes the price. Names are those of
 * the price table's multipliers; one that the table does not know changes nothing.
 */
const standardTiers = new Set(['', 'default', 'standard', 'auto', 'on_demand']);

/** OpenAI says it beside the usage: of the answer, of a chunk, or of a response's last event. */
export function openAiModifiers(answer: unknown): string[] {
  return modifier('service_tier', field(answer, 'service_tier'), standardTiers);
}

/** Google says it inside the usage, in capitals on Vertex AI; requests name it the same way. */
export function geminiModifiers(answer: unknown): string[] {
  const usage: unknown =
    typeof answer === 'object' && answer !== null
      ? Reflect.get(answer, 'usageMetadata')
      : undefined;
  const tier = field(usage, 'serviceTier') || field(usage, 'service_tier');
  return modifier('service_tier', tier.toLowerCase(), standardTiers);
}

/** Anthropic says it inside the usage. */
export function anthropicModifiers(usage: unknown): string[] {
  return [
    ...modifier('service_tier', field(usage, 'service_tier'), standardTiers),
    ...modifier('inference_geo', field(usage, 'inference_geo'), new Set(['', 'global'])),
    ...modifier('speed', field(usage, 'speed'), standardTiers),
  ];
}

/** The server takes only short plain words: anything else is not a way of serving that is known. */
function modifier(name: string, value: string, usual: ReadonlySet<string>): string[] {
  const isWord = /^[a-z0-9_-]{1,31}$/.test(value);
  return isWord && value !== 'not_available' && !usual.has(value) ? [`${name}:${value}`] : [];
}

function field(value: unknown, name: string): string {
  const found: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === 'string' ? found : '';
}
