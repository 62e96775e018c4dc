import { RECORD_LIMITS } from '../wire/protocol.js';
import type { CountName, UsageReading } from './usage-reading.js';

/** From where in an answer to which counts; `!`: an answer without it tells no usage. */
type Rule = readonly [path: string, ...counts: CountName[]];

type Step = string | { readonly where: string; readonly equals: string };

interface Compiled {
  readonly steps: readonly Step[];
  readonly isRequired: boolean;
  readonly counts: readonly CountName[];
}

/**
 * How one dialect tells its usage. A path has its steps between dots; `list[TEXT]` is the first
 * element of a list whose `modality` is TEXT. Counts told in several places add up.
 */
export class UsageRules {
  readonly #root: readonly string[];
  readonly #model: readonly string[];
  readonly #total: string;
  readonly #rules: readonly Compiled[];

  constructor(root: string, rules: readonly Rule[], more: { model?: string; total?: string } = {}) {
    this.#root = root.split('.');
    this.#model = (more.model ?? 'model').split('.');
    this.#total = more.total ?? 'total_tokens';
    this.#rules = rules.map(([path, ...counts]) => ({
      steps: path.replace(/!$/, '').split('.').flatMap(stepsOf),
      isRequired: path.endsWith('!'),
      counts,
    }));
  }

  /** @returns undefined when the answer tells no usage in this dialect, or a damaged one */
  read(answer: unknown): UsageReading | undefined {
    const usage = follow(answer, this.#root);
    if (!isMapping(usage)) return undefined;
    const counts: Partial<Record<CountName, number>> = {};
    for (const { steps, isRequired, counts: names } of this.#rules) {
      const value = follow(usage, steps);
      if (typeof value !== 'number') {
        if (isRequired) return undefined;
        continue;
      }
      if (!isCount(value)) return undefined;
      for (const name of names) counts[name] = (counts[name] ?? 0) + value;
    }
    if (Object.keys(counts).length === 0) return undefined;
    const model = follow(answer, this.#model);
    const total = usage[this.#total];
    if (typeof total === 'number' && !isCount(total)) return undefined;
    return {
      model: typeof model === 'string' ? model : undefined,
      counts,
      total: typeof total === 'number' ? total : undefined,
    };
  }
}

/** More than any call can count is damage, not usage. */
function isCount(value: number): boolean {
  return value >= 0 && value <= RECORD_LIMITS.count;
}

function stepsOf(text: string): Step[] {
  const [, name, modality] = /^(\w+)(?:\[(\w+)\])?$/.exec(text) ?? [];
  if (name === undefined) throw new Error(`not a step of a path: ${text}`);
  return modality === undefined ? [name] : [name, { where: 'modality', equals: modality }];
}

function follow(value: unknown, steps: readonly Step[]): unknown {
  let found = value;
  for (const step of steps) {
    if (typeof step === 'string') found = isMapping(found) ? found[step] : undefined;
    else found = Array.isArray(found) ? found.find(isMarked(step)) : undefined;
  }
  return found;
}

function isMarked({ where, equals }: Exclude<Step, string>): (item: unknown) => boolean {
  return (item) => {
    const mark = isMapping(item) ? item[where] : undefined;
    return typeof mark === 'string' && mark.toUpperCase() === equals;
  };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
