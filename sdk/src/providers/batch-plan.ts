import { tokenUsage, UNIT_BUCKETS, type Bucket, type UnitBucket } from '../prices/usage.js';
import { inputTold, type FoldedUsage } from '../usage/usage-reading.js';
import type { CallPlan, JsonObject } from './call-plan.js';
import { isObject } from './call-plan.js';

/** The protocol's limit for a bucket of one usage record. */
const TOKENS_MAX = 1_000_000_000;

/** Many requests of one model as one call: the most that all of them can use, at the price of a batch. */
export function batchPlan(plans: readonly CallPlan[]): CallPlan {
  const [first] = plans;
  if (first === undefined) throw new Error('a batch without requests has no plan');
  const inputTokens = sum(plans, ({ inputTokens: tokens }) => tokens);
  const remote = plans.filter(({ unbounded }) => unbounded.length > 0);
  const outputs = outputOf(plans);
  const refused = [...new Set(plans.flatMap((plan) => plan.refused))];
  if (new Set(plans.map(({ model }) => model)).size > 1) {
    refused.push('several models in one batch (make one batch for each)');
  }
  if (inputTokens > TOKENS_MAX || (outputs.requestedOutput ?? 0) > TOKENS_MAX) {
    refused.push('more than a thousand million tokens in one batch');
  }
  return {
    ...first,
    inputTokens,
    countInput: () => sum(plans, (plan) => plan.countInput?.() ?? plan.inputTokens),
    unbounded: [...new Set(remote.flatMap(({ unbounded }) => unbounded))],
    rounds: sum(remote, ({ rounds }) => rounds ?? 1),
    addsUp: true,
    refused,
    ...outputs,
    // The requests are sent as they are: no maximum can be written into them.
    smallestOutput: Number.MAX_SAFE_INTEGER,
    hasOutput: plans.some(({ hasOutput }) => hasOutput),
    inputBuckets: union(plans.map(({ inputBuckets }) => inputBuckets)),
    outputBuckets: union(plans.map(({ outputBuckets }) => outputBuckets)),
    hidesReasoning: true,
    streams: false,
    modifiers: [...new Set(plans.flatMap(({ modifiers }) => modifiers))],
    certainModifiers: ['service_tier:batch'],
    units: unitsOfAll(plans),
    isDeferred: true,
  };
}

/** Where one request states no maximum, the model's own counts for all of them. */
function outputOf(plans: readonly CallPlan[]): Pick<CallPlan, 'requestedOutput' | 'choices'> {
  const stated = plans.every(({ requestedOutput, hasOutput }) => !hasOutput || requestedOutput);
  return stated
    ? {
        requestedOutput: sum(plans, (plan) => (plan.requestedOutput ?? 0) * plan.choices),
        choices: 1,
      }
    : { requestedOutput: undefined, choices: sum(plans, ({ choices }) => choices) };
}

function unitsOfAll(plans: readonly CallPlan[]): Partial<Record<UnitBucket, number>> {
  const units: Partial<Record<UnitBucket, number>> = {};
  for (const unit of UNIT_BUCKETS) {
    const count = sum(plans, (plan) => plan.units?.[unit] ?? 0);
    if (count > 0) units[unit] = count;
  }
  return units;
}

/** Usages of many answers as one; undefined when one of them is missing. */
export function sumOfUsages(told: readonly (FoldedUsage | undefined)[]): FoldedUsage | undefined {
  const total: Partial<Record<Bucket, number>> = {};
  let reason: string | undefined;
  for (const each of told) {
    if (each === undefined) return undefined;
    reason ??= each.doubt?.reason;
    for (const [bucket, count] of Object.entries(each.tokens)) {
      total[bucket as Bucket] = (total[bucket as Bucket] ?? 0) + (count ?? 0);
    }
  }
  const tokens = tokenUsage(total);
  if (reason === undefined) return { tokens };
  const output = sum(told, (each) => each?.doubt?.outputTokens ?? each?.tokens.output ?? 0);
  const input = sum(told, (each) => (each === undefined ? 0 : inputTold(each)));
  return { tokens, doubt: { reason, inputTokens: input, outputTokens: output } };
}

/** The objects of a file with one on each line; undefined when it is damaged. */
export function linesOf(text: string): JsonObject[] | undefined {
  const lines: JsonObject[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    try {
      const value: unknown = JSON.parse(line);
      if (!isObject(value)) return undefined;
      lines.push(value);
    } catch {
      return undefined;
    }
  }
  return lines;
}

function sum<T>(list: readonly T[], of: (each: T) => number): number {
  return list.reduce((total, each) => total + of(each), 0);
}

function union(lists: readonly (readonly Bucket[])[]): Bucket[] {
  return [...new Set(lists.flat())];
}
