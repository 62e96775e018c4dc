import { boundClaudeImage } from '../tokens/image-bound.js';
import { sizeOfBase64 } from '../tokens/image-size.js';
import { boundInput, claudeLaterTokenizer, tokenizerOf } from '../tokens/text-bound.js';
import { bedrockModel } from './bedrock-model.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { countOf, isObject, listOf, objectAt, textOf } from './call-plan.js';
import { emptySurvey, surveyContent, type ContentSurvey } from './content-survey.js';
import { finalUsageReader } from './final-usage.js';
import type { ReceivedText } from './received-text.js';
import { toldUsage } from './told-usage.js';

/** Blocks whose size cannot be told from the request. */
const unboundedBlocks = ['document', 'video', 'audio'] as const;
/** What a model of Amazon, Meta or Mistral makes of an image at most. */
const OTHER_IMAGE_MAX = 6_500;

/** `POST /model/ID/converse` and `…/converse-stream` of Amazon Bedrock. */
export const bedrockConverse: Endpoint = {
  name: 'converse',
  plan: planConverse,
  limitOutput(body, tokens) {
    body['inferenceConfig'] = { ...objectAt(body, 'inferenceConfig'), maxTokens: tokens };
  },
  askForUsage: () => false, // the last event always tells it
  readUsage: (answer, provider) => toldUsage(provider, 'converse', answer),
  streamReader: (plan) => finalUsageReader(plan, readEvent),
};

function planConverse(body: JsonObject, { provider, url }: CallTarget): CallPlan {
  const model = bedrockModel(url);
  const tokenizer = tokenizerOf(provider, model);
  const survey = emptySurvey();
  const messages = listOf(body['messages']);
  for (const message of messages) {
    for (const block of listOf(objectAt({ message }, 'message')['content'])) {
      surveyBlock(survey, block, model, tokenizer === claudeLaterTokenizer);
    }
  }
  surveyContent(survey, body['system'], () => 0);
  const extra = objectAt(body, 'additionalModelRequestFields');
  survey.texts.push(JSON.stringify(extra));
  const thinking = objectAt(extra, 'thinking');
  return {
    provider,
    model,
    ...boundInput(tokenizer, {
      texts: survey.texts,
      messages: messages.length + 1,
      tools: [body['toolConfig']],
      formats: [body['outputConfig']],
      besideTokens: survey.partTokens,
    }),
    unbounded: [...survey.unbounded],
    refused: refusedFeatures(body),
    requestedOutput: countOf(objectAt(body, 'inferenceConfig')['maxTokens']),
    smallestOutput: (countOf(thinking['budget_tokens']) ?? 0) + 1,
    choices: 1,
    hasOutput: true,
    inputBuckets: ['input', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h'],
    outputBuckets: ['output'],
    hidesReasoning:
      Object.keys(extra).length > 0 || !/nova|titan|llama|mistral|claude-(3|instant)/.test(model),
    streams: url.pathname.endsWith('-stream'),
    modifiers: [],
    tokenizer,
  };
}

function surveyBlock(survey: ContentSurvey, block: unknown, model: string, isLater: boolean): void {
  if (!isObject(block)) return;
  const unbounded = unboundedBlocks.filter((name) => isObject(block[name]));
  for (const name of unbounded) survey.unbounded.add(name);
  if (isObject(block['image'])) {
    const data = textOf(objectAt(block['image'], 'source')['bytes']);
    const size = data === '' ? undefined : sizeOfBase64(data);
    survey.partTokens += model.includes('claude')
      ? boundClaudeImage(isLater, size)
      : OTHER_IMAGE_MAX;
    return;
  }
  if (unbounded.length > 0) return;
  const result = objectAt(block, 'toolResult');
  for (const inner of listOf(result['content'])) surveyBlock(survey, inner, model, isLater);
  const { toolResult: _result, ...rest } = block;
  surveyContent(survey, rest, () => 0);
}

function refusedFeatures(body: JsonObject): string[] {
  const refused: string[] = [];
  if (isObject(body['guardrailConfig'])) refused.push('guardrailConfig');
  if (objectAt(body, 'performanceConfig')['latency'] === 'optimized') {
    refused.push('optimized latency');
  }
  const tier = textOf(objectAt(body, 'serviceTier')['type']);
  if (!['', 'default', 'flex'].includes(tier)) refused.push(`service tier "${tier}"`);
  if (isObject(objectAt(body, 'additionalModelRequestFields')['tools'])) {
    refused.push('tools of the model itself');
  }
  return refused;
}

function readEvent(data: unknown, provider: string, received: ReceivedText) {
  const delta = objectAt(objectAt(data, 'contentBlockDelta'), 'delta');
  received.add(
    delta['text'],
    objectAt(delta, 'toolUse')['input'],
    objectAt(delta, 'reasoningContent')['text'],
  );
  return toldUsage(provider, 'converse', objectAt(data, 'metadata'));
}
