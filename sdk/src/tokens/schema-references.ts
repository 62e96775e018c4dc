/** A definition that uses itself is written out this often below itself. */
const REPEATS_MAX = 2;
/** No provider accepts schemas whose written-out form comes near this. */
const TEXTS_MAX = 2_000;

const definitionKeys: ReadonlySet<string> = new Set(['$defs', 'defs', 'definitions']);

type Definitions = ReadonlyMap<string, unknown>;

/**
 * The text behind every `$ref` of the schemas in `value`, as often as it is used. Google writes
 * schemas out before the model reads them: one with references counts more than its own text.
 */
export function referencedTexts(value: unknown): string[] {
  const definitions = new Map<string, unknown>();
  collectDefinitions(value, definitions);
  if (definitions.size === 0) return [];
  const texts: string[] = [];
  follow(value, definitions, [], texts);
  return texts;
}

function collectDefinitions(value: unknown, definitions: Map<string, unknown>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (definitionKeys.has(key) && typeof inner === 'object' && inner !== null) {
      const named = Object.entries(inner as Readonly<Record<string, unknown>>);
      for (const [name, definition] of named) definitions.set(name, definition);
    }
    collectDefinitions(inner, definitions);
  }
}

/** The definitions themselves are in the text already: only their uses are followed. */
function follow(
  value: unknown,
  definitions: Definitions,
  path: readonly string[],
  texts: string[],
): void {
  if (typeof value !== 'object' || value === null || texts.length >= TEXTS_MAX) return;
  for (const [key, inner] of Object.entries(value)) {
    if (definitionKeys.has(key)) continue;
    if ((key === '$ref' || key === 'ref') && typeof inner === 'string') {
      const name = inner.slice(inner.lastIndexOf('/') + 1);
      const definition = definitions.get(name);
      if (definition === undefined) continue;
      if (path.filter((each) => each === name).length > REPEATS_MAX) continue;
      texts.push(JSON.stringify(definition));
      follow(definition, definitions, [...path, name], texts);
    } else {
      follow(inner, definitions, path, texts);
    }
  }
}
