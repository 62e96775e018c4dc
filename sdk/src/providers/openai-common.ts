import { openAiModifiers } from '../prices/modifiers.js';
import type { UnitBucket, Units } from '../prices/usage.js';
import { boundImageOf } from '../tokens/image-bound.js';
import { sizeOfDataUrl } from '../tokens/image-size.js';
import { isObject, listOf, objectAt, textOf, type JsonObject } from './call-plan.js';

/** Tools that run in the agent's process: they cost nothing but their tokens. */
const clientTools = new Set([
  'function',
  'custom',
  'namespace',
  'local_shell',
  'apply_patch',
  'computer',
  'computer_use_preview',
]);
/** Models that never bill what they do not send; any other may think without a word. */
const withoutHiddenOutput =
  /(^|\/)(gpt-[34]|chatgpt-4|ft:gpt-[34]|llama|meta[-.]llama|(mi|mini|code|dev)stral|[mp]ixtral|open-mi|command|gemma|phi-[34]$|claude-(3|instant)|gemini-(1|2\.0))/i;

/** Models that search or run tools by themselves, whether the request says so or not. */
const selfDirectedModels = /(^|\/)compound(-|$)|-search-(preview|api)|(^|\/)sonar/i;

/** Tools that run at the provider and have a fee per use in the price table, or none at all. */
const feeOf: readonly (readonly [RegExp, UnitBucket | undefined])[] = [
  [/^web_search(_preview)?(_\d|$)/, 'webSearches'],
  [/^file_search$/, 'fileSearches'],
  [/^code_interpreter$/, 'containers'],
  [/^mcp$/, undefined],
];

/** What runs at the provider: with a bound for its rounds and fees, or refused. */
export interface ServerTools {
  readonly refused: readonly string[];
  readonly unbounded: readonly string[];
  readonly units: Units;
}

/**
 * Tools that run at the provider cost an unknown number of tokens and fees per use; they can be
 * bounded where the request limits its calls. A function may leave its type away: Mistral's do.
 *
 * @param calls the most calls of such tools that the request allows
 */
export function serverTools(tools: unknown, calls?: number): ServerTools {
  const refused: string[] = [];
  const unbounded: string[] = [];
  const units: Partial<Record<UnitBucket, number>> = {};
  for (const each of listOf(tools)) {
    const tool = objectAt({ each }, 'each');
    const type = textOf(tool['type']);
    if (clientTools.has(type)) continue;
    if (tool['type'] === undefined && isObject(tool['function'])) continue;
    const fee = feeOf.find(([pattern]) => pattern.test(type));
    const name = `the server-side tool "${type}"`;
    if (fee === undefined || hasLargeContainer(tool)) {
      refused.push(name);
    } else if (calls === undefined) {
      refused.push(`${name} without max_tool_calls`);
    } else {
      unbounded.push(type);
      const [, unit] = fee;
      // However often code runs, it does in one container.
      if (unit !== undefined) units[unit] = unit === 'containers' ? 1 : calls;
    }
  }
  return { refused, unbounded, units };
}

/** The price table knows the price of the smallest container only. */
function hasLargeContainer(tool: JsonObject): boolean {
  return !['', '1g'].includes(textOf(objectAt(tool, 'container')['memory_limit']));
}

/** Options that change the price in a way that the price table does not tell. */
export function dearOptions(body: JsonObject): string[] {
  const refused: string[] = [];
  if (isObject(body['prediction'])) refused.push('predicted output');
  if (isObject(body['web_search_options'])) refused.push('web_search_options');
  if (listOf(body['plugins']).length > 0) refused.push('plugins');
  if (isObject(body['search_parameters'])) refused.push('search_parameters');
  if (textOf(body['model']).endsWith(':online')) refused.push('a model with web search');
  if (listOf(body['models']).length > 0) refused.push('a list of fallback models');
  if (listOf(body['context_management']).length > 0) refused.push('context_management');
  if (selfDirectedModels.test(textOf(body['model']))) refused.push('a model with built-in tools');
  return refused;
}

/** The way of serving that the request asks for. */
export function askedTier(body: JsonObject): string[] {
  return openAiModifiers({ service_tier: body['service_tier'] });
}

export function hidesReasoning(body: JsonObject, model: string): boolean {
  return (
    !withoutHiddenOutput.test(model) || isObject(body['reasoning']) || 'reasoning_effort' in body
  );
}

export function imageBoundFor(model: string): (part: JsonObject) => number {
  return (part) => {
    const link = part['image_url'];
    const url = typeof link === 'string' ? link : textOf(objectAt(part, 'image_url')['url']);
    return boundImageOf(model, sizeOfDataUrl(url));
  };
}

/** The model of a request; Azure names its deployment in the address instead. */
export function modelOf(body: JsonObject, url: URL): string {
  const [, deployment] = /\/deployments\/([^/]+)\//.exec(url.pathname) ?? [];
  return deployment === undefined ? textOf(body['model']) : decodeURIComponent(deployment);
}
