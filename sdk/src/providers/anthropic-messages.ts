import { anthropicModifiers } from '../prices/modifiers.js';
import { bedrockModel } from './bedrock-model.js';
import type { Bucket } from '../prices/usage.js';
import { boundClaudeImage } from '../tokens/image-bound.js';
import { sizeOfBase64 } from '../tokens/image-size.js';
import { boundInput, claudeLaterTokenizer, tokenizerOf } from '../tokens/text-bound.js';
import type {
  CallPlan,
  CallTarget,
  Endpoint,
  JsonObject,
  SeenUsage,
  StreamReader,
} from './call-plan.js';
import { countOf, isObject, listOf, objectAt, textOf } from './call-plan.js';
import { emptySurvey, surveyContent, type ImageBound } from './content-survey.js';
import { ReceivedText } from './received-text.js';
import { toldUsage } from './told-usage.js';

/** Anthropic's own tools that run in the agent's process add a prompt of this size at most. */
const CLIENT_TOOL_TOKENS = 1_200;
const clientTools = /^(bash|text_editor|computer|memory)_\d+$/;
/** Tools that run at Anthropic and cost nothing but the tokens that they bring. */
const freeServerTools = /^(web_fetch_\d+|tool_search_tool_[a-z0-9_]+|mcp_toolset)$/;
const webSearch = /^web_search_\d+$/;
/** Anthropic's loop over its own tools ends after ten rounds (platform documentation, "pause_turn"); then it answers. */
const ROUNDS_MAX = 11;
const DEPTH_MAX = 40;

/** `POST …/messages`. */
export const anthropicMessages: Endpoint = {
  name: 'messages',
  plan: planMessages,
  limitOutput(body, tokens) {
    body['max_tokens'] = tokens;
  },
  askForUsage: () => false, // message_start and message_delta always tell it
  readUsage: (answer, provider) => toldUsage(provider, 'messages', answer),
  readModifiers: (answer) => (isObject(answer) ? anthropicModifiers(answer['usage']) : []),
  streamReader: (plan) => new MessagesStreamReader(plan),
};

function planMessages(body: JsonObject, { provider, url }: CallTarget): CallPlan {
  const model = modelOf(body, url);
  const tokenizer = tokenizerOf(provider, model);
  const isLater = tokenizer === claudeLaterTokenizer;
  const survey = emptySurvey();
  const messages = listOf(body['messages']);
  surveyContent(survey, body['system'], imageBoundFor(isLater));
  surveyContent(survey, messages, imageBoundFor(isLater));
  const tools = toolTypes(body['tools']);
  const remote = remoteTools(body, tools);
  for (const name of remote.unbounded) survey.unbounded.add(name);
  const thinking = objectAt(body, 'thinking');
  return {
    provider,
    model,
    ...boundInput(tokenizer, {
      texts: survey.texts,
      messages: messages.length + 1,
      tools: [body['tools']],
      formats: [objectAt(body, 'output_config')['format'], body['output_format']],
      besideTokens:
        survey.partTokens +
        tools.filter((type) => clientTools.test(type)).length * CLIENT_TOOL_TOKENS,
    }),
    unbounded: [...survey.unbounded],
    rounds: remote.unbounded.length > 0 ? ROUNDS_MAX : 1,
    ...(remote.searches > 0 ? { units: { webSearches: remote.searches } } : {}),
    refused: [...refusedFeatures(body), ...remote.refused],
    requestedOutput: countOf(body['max_tokens']),
    smallestOutput: (countOf(thinking['budget_tokens']) ?? 0) + 1,
    choices: 1,
    hasOutput: true,
    inputBuckets: inputBuckets(body),
    outputBuckets: ['output'],
    hidesReasoning: thinks(thinking, model),
    streams: body['stream'] === true || /:streamRawPredict$|-stream$/.test(url.pathname),
    modifiers: anthropicModifiers(body).filter((modifier) => !modifier.startsWith('service_tier:')),
    tokenizer,
  };
}

function toolTypes(tools: unknown): string[] {
  return listOf(tools).map((tool) => textOf(objectAt({ tool }, 'tool')['type']));
}

/** What runs at Anthropic: with a bound for its rounds and fees, or refused. */
function remoteTools(body: JsonObject, tools: readonly string[]) {
  const unbounded = listOf(body['mcp_servers']).length > 0 ? ['mcp_servers'] : [];
  const refused: string[] = [];
  let searches = 0;
  for (const [index, type] of tools.entries()) {
    if (type === '' || type === 'custom' || clientTools.test(type)) continue;
    const uses = countOf(objectAt({ tool: listOf(body['tools'])[index] }, 'tool')['max_uses']);
    if (webSearch.test(type) && uses === undefined) {
      refused.push(`the server-side tool "${type}" without max_uses`);
    } else if (webSearch.test(type) || freeServerTools.test(type)) {
      unbounded.push(type);
      if (webSearch.test(type)) searches += uses ?? 0;
    } else {
      refused.push(`the server-side tool "${type}"`);
    }
  }
  return { unbounded, refused, searches };
}

function refusedFeatures(body: JsonObject): string[] {
  const refused: string[] = [];
  if (body['container'] !== undefined && body['container'] !== null) refused.push('container');
  const edits = listOf(objectAt(body, 'context_management')['edits']);
  if (edits.some((edit) => textOf(objectAt({ edit }, 'edit')['type']).startsWith('compact'))) {
    refused.push('compaction');
  }
  return refused;
}

/** From the fifth generation on, models think unless they are told not to. */
function thinks(thinking: JsonObject, model: string): boolean {
  const type = textOf(thinking['type']);
  return type === '' ? /claude-[a-z]+-([5-9]|\d\d)(-|@|$)/.test(model) : type !== 'disabled';
}

function imageBoundFor(isLater: boolean): ImageBound {
  return (part) => {
    const data = textOf(objectAt(part, 'source')['data']);
    return boundClaudeImage(isLater, data === '' ? undefined : sizeOfBase64(data));
  };
}

function inputBuckets(body: JsonObject): Bucket[] {
  const lives = new Set<string>();
  collectCacheLives(body, lives, 0);
  const buckets: Bucket[] = ['input', 'cacheRead'];
  if (lives.size > 0) buckets.push('cacheWrite5m');
  if (lives.has('1h')) buckets.push('cacheWrite1h');
  return buckets;
}

function collectCacheLives(value: unknown, lives: Set<string>, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEPTH_MAX) {
    lives.add('1h');
    return;
  }
  const control = isObject(value) ? value['cache_control'] : undefined;
  if (isObject(control)) lives.add(textOf(control['ttl']));
  for (const inner of Object.values(value)) collectCacheLives(inner, lives, depth + 1);
}

/** Clouds that resell Anthropic's models name the model in the address. */
function modelOf(body: JsonObject, url: URL): string {
  const [, onVertex] = /\/models\/([^/:]+):/.exec(url.pathname) ?? [];
  if (onVertex !== undefined) return decodeURIComponent(onVertex);
  return bedrockModel(url) || textOf(body['model']);
}

class MessagesStreamReader implements StreamReader {
  readonly #received: ReceivedText;
  readonly #provider: string;
  #told: JsonObject = {};
  #isFinal = false;

  constructor(plan: CallPlan) {
    this.#received = new ReceivedText(plan.tokenizer);
    this.#provider = plan.provider;
  }

  see(data: unknown): boolean {
    if (!isObject(data)) return true;
    if (data['type'] === 'message_start') this.#tell(objectAt(data, 'message')['usage']);
    if (data['type'] === 'message_delta') {
      this.#tell(data['usage']);
      this.#isFinal = true;
    }
    const delta = objectAt(data, 'delta');
    this.#received.add(delta['text'], delta['partial_json'], delta['thinking']);
    return true;
  }

  usage(): SeenUsage | undefined {
    const told = toldUsage(this.#provider, 'messages', { usage: this.#told });
    if (told === undefined) return undefined;
    return { ...told, modifiers: anthropicModifiers(this.#told), isFinal: this.#isFinal };
  }

  receivedTokens(): number {
    return this.#received.tokens();
  }

  /** Later events repeat some counts as running totals: the last one told is right. */
  #tell(usage: unknown): void {
    if (!isObject(usage)) return;
    for (const [key, value] of Object.entries(usage)) {
      if (value !== null && value !== undefined) this.#told[key] = value;
    }
  }
}
