import type { Emit } from '../core/events.js';
import { compilePatterns } from './own-patterns.js';
import type { PiiPolicy } from './policy.js';
import { SafetyFilter } from './safety-filter.js';
import { TokenBook } from './token-book.js';

/** The policy that holds now. It may change while the agent runs; tokens stay the same over changes. */
export class SafetyPolicy {
  readonly #tokens = new TokenBook();
  readonly #emit: Emit;
  #filter = new SafetyFilter({}, [], this.#tokens);
  #followed = '';

  /** @param emit tells of patterns that cannot be used */
  constructor(emit: Emit) {
    this.#emit = emit;
  }

  get filter(): SafetyFilter {
    return this.#filter;
  }

  /** Takes over what the server said; of two at the same time the later one wins. */
  async follow(policy: PiiPolicy): Promise<void> {
    const text = JSON.stringify(policy);
    if (text === this.#followed) return;
    this.#followed = text;
    const patterns = await compilePatterns(policy.patterns ?? [], (name, reason) => {
      this.#emit('warning', {
        code: 'PII_PATTERN',
        message:
          `the pattern ${name} of the project's policy cannot be used (${reason}); the rest of ` +
          'the policy holds',
      });
    });
    if (this.#followed === text) this.#filter = new SafetyFilter(policy, patterns, this.#tokens);
  }
}
