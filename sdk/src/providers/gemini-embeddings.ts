import { boundText, tokenizerOf } from '../tokens/text-bound.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { emptySurvey, surveyContent } from './content-survey.js';
import { geminiImageBoundFor, geminiModel } from './gemini-common.js';
import { inputOnly, inputOnlyPlan } from './input-only.js';
import { toldUsage } from './told-usage.js';

/** What may be added around one text. */
const TOKENS_AROUND_INPUT = 8;

/** `POST …/models/NAME:embedContent` and `:batchEmbedContents`: has input only. */
export const geminiEmbeddings: Endpoint = {
  ...inputOnly,
  name: 'embedContent',
  plan: planEmbeddings,
  readUsage: (answer, provider) => toldUsage(provider, 'native', answer),
};

function planEmbeddings(body: JsonObject, { provider, url }: CallTarget): CallPlan {
  const model = geminiModel(url);
  const tokenizer = tokenizerOf(provider, model);
  const survey = emptySurvey();
  surveyContent(survey, body, geminiImageBoundFor(model));
  return inputOnlyPlan({
    provider,
    model,
    inputTokens:
      survey.partTokens +
      survey.texts.reduce(
        (sum, text) => sum + boundText(tokenizer, text) + TOKENS_AROUND_INPUT,
        TOKENS_AROUND_INPUT,
      ),
    unbounded: [...survey.unbounded],
    inputBuckets: survey.hasAudio
      ? ['input', 'imageInput', 'videoInput', 'audioInput']
      : ['input', 'imageInput', 'videoInput'],
    tokenizer,
  });
}
