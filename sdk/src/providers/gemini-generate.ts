import { geminiModifiers } from '../prices/modifiers.js';
import type { Bucket } from '../prices/usage.js';
import { boundInput, tokenizerOf } from '../tokens/text-bound.js';
import type {
  CallPlan,
  CallTarget,
  Endpoint,
  JsonObject,
  SeenUsage,
  StreamReader,
} from './call-plan.js';
import { countOf, isObject, listOf, objectAt, textOf } from './call-plan.js';
import { emptySurvey, surveyContent } from './content-survey.js';
import {
  either,
  eitherObject,
  geminiImageBoundFor,
  geminiModel,
  lastPart,
} from './gemini-common.js';
import { ReceivedText } from './received-text.js';
import { toldUsage } from './told-usage.js';

const clientTools = new Set(['functionDeclarations', 'function_declarations']);
/** Costs its tokens only, and the model writes its code anew up to five times (documentation, "Code execution"). */
const codeExecution = new Set(['codeExecution', 'code_execution']);
const CODE_ROUNDS_MAX = 6;
/** Models before 2.5 answer at once, all others think unless their budget for it is zero. */
const answersAtOnce = /^gemini-(1|2\.0|pro|flash-1)|^gemma/;

/** `POST …/models/NAME:generateContent` and `:streamGenerateContent`, of AI Studio and Vertex AI. */
export const geminiGenerate: Endpoint = {
  name: 'generateContent',
  plan: planGenerate,
  limitOutput(body, tokens) {
    const isSnake = isObject(body['generation_config']);
    const config = eitherObject(body, 'generationConfig');
    const { max_output_tokens: _snake, maxOutputTokens: _camel, ...rest } = config;
    body[isSnake ? 'generation_config' : 'generationConfig'] = {
      ...rest,
      maxOutputTokens: tokens,
    };
  },
  askForUsage: () => false, // every part of a stream tells it
  readUsage: (answer, provider) => toldUsage(provider, 'native', lastPart(answer)),
  readModifiers: (answer) => geminiModifiers(lastPart(answer)),
  streamReader: (plan) => new GenerateStreamReader(plan),
};

function planGenerate(body: JsonObject, { provider, url }: CallTarget): CallPlan {
  const model = geminiModel(url);
  const tokenizer = tokenizerOf(provider, model);
  const config = eitherObject(body, 'generationConfig');
  const thinking = eitherObject(config, 'thinkingConfig');
  const survey = emptySurvey();
  const contents = listOf(body['contents']);
  surveyContent(survey, either(body, 'systemInstruction'), geminiImageBoundFor(model));
  surveyContent(survey, body['contents'], geminiImageBoundFor(model));
  if (either(body, 'cachedContent') !== undefined) survey.unbounded.add('cachedContent');
  const tools = toolsOf(body);
  const runsCode = tools.some((tool) => Object.keys(tool).some((name) => codeExecution.has(name)));
  if (runsCode) survey.unbounded.add('codeExecution');
  const speaks = listOf(either(config, 'responseModalities')).map((kind) => textOf(kind));
  return {
    provider,
    model,
    ...boundInput(tokenizer, {
      texts: survey.texts,
      messages: contents.length + 1,
      tools: tools.map((tool) => either(tool, 'functionDeclarations')),
      formats: [either(config, 'responseSchema'), either(config, 'responseJsonSchema')],
      besideTokens: survey.partTokens,
    }),
    unbounded: [...survey.unbounded],
    rounds: runsCode ? CODE_ROUNDS_MAX : 1,
    refused: refusedFeatures(tools),
    requestedOutput: countOf(either(config, 'maxOutputTokens')),
    smallestOutput: (countOf(either(thinking, 'thinkingBudget')) ?? 0) + 1,
    choices: countOf(either(config, 'candidateCount')) ?? 1,
    hasOutput: true,
    inputBuckets: inputBuckets(survey.hasAudio),
    outputBuckets: outputBuckets(speaks, model),
    hidesReasoning:
      speaks.some((kind) => kind !== 'TEXT') ||
      (!answersAtOnce.test(model) && either(thinking, 'thinkingBudget') !== 0),
    streams: url.pathname.includes(':stream'),
    modifiers: geminiModifiers({ usageMetadata: body }),
    tokenizer,
  };
}

/** One tool may stand without its list. */
function toolsOf(body: JsonObject): JsonObject[] {
  const tools = body['tools'];
  return (Array.isArray(tools) ? tools : [tools]).filter(isObject);
}

function refusedFeatures(tools: readonly JsonObject[]): string[] {
  return [...new Set(tools.flatMap((tool) => Object.keys(tool)))]
    .filter((name) => !clientTools.has(name) && !codeExecution.has(name))
    .map((name) => `the server-side tool "${name}"`);
}

function inputBuckets(hasAudio: boolean): Bucket[] {
  const buckets: Bucket[] = ['input', 'cacheRead', 'imageInput', 'videoInput'];
  return hasAudio ? [...buckets, 'audioInput', 'audioCacheRead'] : buckets;
}

function outputBuckets(speaks: readonly string[], model: string): Bucket[] {
  const draws = speaks.includes('IMAGE') || model.includes('image');
  return [
    'output',
    ...(draws ? (['imageOutput'] as const) : []),
    ...(speaks.includes('AUDIO') ? (['audioOutput'] as const) : []),
  ];
}

class GenerateStreamReader implements StreamReader {
  readonly #received: ReceivedText;
  readonly #provider: string;
  #usage: SeenUsage | undefined;
  #finished = false;

  constructor(plan: CallPlan) {
    this.#received = new ReceivedText(plan.tokenizer);
    this.#provider = plan.provider;
  }

  see(data: unknown): boolean {
    for (const candidate of listOf(isObject(data) ? data['candidates'] : undefined)) {
      if (textOf(objectAt({ candidate }, 'candidate')['finishReason']) !== '') {
        this.#finished = true;
      }
      for (const part of listOf(objectAt(candidate, 'content')['parts'])) this.#receive(part);
    }
    const told = toldUsage(this.#provider, 'native', data);
    if (told === undefined) return true;
    this.#usage = { ...told, modifiers: geminiModifiers(data), isFinal: this.#finished };
    return true;
  }

  usage(): SeenUsage | undefined {
    return this.#usage;
  }

  receivedTokens(): number {
    return this.#received.tokens();
  }

  #receive(part: unknown): void {
    if (!isObject(part)) return;
    this.#received.add(part['text']);
    for (const name of ['functionCall', 'executableCode', 'codeExecutionResult']) {
      if (isObject(part[name])) this.#received.add(JSON.stringify(part[name]));
    }
  }
}
