import type { CallPlan } from './call-plan.js';

/** Of endpoints that have input only: there is nothing to limit, and no stream to read. */
export const inputOnly = {
  limitOutput: () => undefined,
  askForUsage: () => false,
  streamReader: () => ({ see: () => true, usage: () => undefined, receivedTokens: () => 0 }),
} as const;

/** The plan of a call that has input only; `plan` states what differs from most. */
export function inputOnlyPlan(
  plan: Pick<CallPlan, 'provider' | 'model' | 'tokenizer' | 'inputTokens'> & Partial<CallPlan>,
): CallPlan {
  return {
    unbounded: [],
    refused: [],
    requestedOutput: undefined,
    smallestOutput: 0,
    choices: 1,
    hasOutput: false,
    inputBuckets: ['input'],
    outputBuckets: ['output'],
    hidesReasoning: false,
    streams: false,
    modifiers: [],
    ...plan,
  };
}
