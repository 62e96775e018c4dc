import { boundText, type TokenizerFamily } from '../tokens/text-bound.js';

/** Tokens that were generated but not yet received when a stream broke. */
const IN_FLIGHT_FACTOR = 1.25;
const IN_FLIGHT_TOKENS = 16;

/** Output of a stream so far: needed only when it breaks before the provider told its usage. */
export class ReceivedText {
  readonly #parts: string[] = [];
  readonly #tokenizer: TokenizerFamily;

  constructor(tokenizer: TokenizerFamily) {
    this.#tokenizer = tokenizer;
  }

  add(...texts: readonly unknown[]): void {
    for (const text of texts) {
      if (typeof text === 'string' && text !== '') this.#parts.push(text);
    }
  }

  /** Upper bound for the tokens received and still on their way. */
  tokens(): number {
    const received = boundText(this.#tokenizer, this.#parts.join(''));
    return Math.ceil(received * IN_FLIGHT_FACTOR) + IN_FLIGHT_TOKENS;
  }
}
