import { RequestNotBoundedError } from '../errors/catalogue.js';
import { anthropicMessages } from './anthropic-messages.js';
import { batchPlan, linesOf, sumOfUsages } from './batch-plan.js';
import type { Endpoint } from './call-plan.js';
import { isObject, listOf, objectAt, textOf } from './call-plan.js';
import { toldUsage } from './told-usage.js';

/** Outcomes of a request that are not billed. */
const unbilled = new Set(['errored', 'canceled', 'expired']);

/** `POST …/v1/messages/batches`: the requests are in the body; the results come within a day. */
export const anthropicBatches: Endpoint = {
  name: 'message batches',
  plan(body, target) {
    const requests = listOf(body['requests']).map((each) => objectAt(each, 'params'));
    if (requests.length === 0) {
      throw new RequestNotBoundedError('A batch needs requests.', { status: 400 });
    }
    return batchPlan(requests.map((params) => anthropicMessages.plan(params, target)));
  },
  limitOutput: cannotLimit,
  askForUsage: () => false,
  readUsage: () => undefined,
  isPending: (answer) => isObject(answer) && textOf(answer['id']) !== '',
  readLater(text, path, provider) {
    const results = path.endsWith('/results') ? linesOf(text) : undefined;
    if (results === undefined || results.length === 0) return undefined;
    const billed = results
      .map((line) => objectAt(line, 'result'))
      .filter((result) => !unbilled.has(textOf(result['type'])));
    return sumOfUsages(billed.map((result) => toldUsage(provider, 'messages', result['message'])));
  },
  streamReader: () => ({ see: () => true, usage: () => undefined, receivedTokens: () => 0 }),
};

/** Nothing is written into the requests of a batch: each must state its own maximum. */
export function cannotLimit(): never {
  throw new RequestNotBoundedError(
    'The largest output of this model is not known: set a maximum in every request of the batch.',
    { status: 400 },
  );
}
