import { RequestNotBoundedError } from '../errors/catalogue.js';
import { tokenUsage } from '../prices/usage.js';
import { cannotLimit } from './anthropic-batches.js';
import { batchPlan, linesOf, sumOfUsages } from './batch-plan.js';
import type { CallPlan, CallTarget, Endpoint, JsonObject } from './call-plan.js';
import { isObject, objectAt, textOf } from './call-plan.js';
import { openAiChat } from './openai-chat.js';
import { openAiEmbeddings } from './openai-embeddings.js';
import { openAiResponses } from './openai-responses.js';

/** What may be done in a batch, by the address that each of its lines names. */
const endpoints: readonly Endpoint[] = [openAiChat, openAiResponses, openAiEmbeddings];
const paths = ['/v1/chat/completions', '/v1/responses', '/v1/embeddings'];

/** `POST …/batches`: the requests are in a file that was uploaded before; the results come within a day. */
export const openAiBatches: Endpoint = {
  name: 'batches',
  plan(body, target) {
    const plan = target.uploaded?.(textOf(body['input_file_id']));
    if (plan !== undefined) return plan;
    throw new RequestNotBoundedError(
      'What this batch may cost is in its file: upload the file from the same process, with ' +
        'purpose "batch", shortly before.',
      { status: 400, details: { features: ['input_file_id'] } },
    );
  },
  limitOutput: cannotLimit,
  askForUsage: () => false,
  readUsage: () => undefined,
  isPending: (answer) => isObject(answer) && textOf(answer['id']) !== '',
  readLater(text, path, provider) {
    // The batch itself names the file with its results, once it is through.
    if (/\/batches\/[^/]+$/.test(path)) {
      const { status, output_file_id: file } = wholeOf(text);
      // What was not even begun costs nothing.
      if (status === 'failed') return { tokens: tokenUsage({}) };
      return textOf(file) || undefined;
    }
    const lines = linesOf(text);
    if (lines === undefined || lines.length === 0) return undefined;
    return sumOfUsages(lines.map((line) => usageOfLine(line, provider)));
  },
  streamReader: () => ({ see: () => true, usage: () => undefined, receivedTokens: () => 0 }),
};

/** The plan of a batch in a file. @throws RequestNotBoundedError for a line that cannot be metered */
export function planOfFile(lines: readonly JsonObject[], target: CallTarget): CallPlan {
  if (lines.length === 0) {
    throw new RequestNotBoundedError('The file of a batch has no requests.', { status: 400 });
  }
  return batchPlan(
    lines.map((line) => {
      const endpoint = endpoints[paths.indexOf(textOf(line['url']))];
      if (endpoint !== undefined) return endpoint.plan(objectAt(line, 'body'), target);
      throw new RequestNotBoundedError(
        `A batch for ${JSON.stringify(line['url'])} cannot be metered. Metered are: ${paths.join(', ')}.`,
        { status: 400 },
      );
    }),
  );
}

function usageOfLine(line: JsonObject, provider: string) {
  const answer = objectAt(objectAt(line, 'response'), 'body');
  return endpoints
    .map((endpoint) => endpoint.readUsage(answer, provider))
    .find((told) => told !== undefined);
}

function wholeOf(text: string): JsonObject {
  try {
    const answer: unknown = JSON.parse(text);
    return isObject(answer) ? answer : {};
  } catch {
    return {};
  }
}
