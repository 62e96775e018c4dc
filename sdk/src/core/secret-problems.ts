import type { Emit } from './events.js';

/**
 * Tells what is wrong with the delivered secrets, each thing once: they are delivered again and again. As a warning of the process
 * as well, because at the start nobody can listen to events yet.
 */
export class SecretProblems {
  readonly #emit: Emit;
  readonly #told = new Set<string>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  tell(unusable: readonly string[], skippedVariables: readonly string[]): void {
    for (const message of unusable) this.#tellOnce('SECRET_UNUSABLE', message);
    for (const variable of skippedVariables) {
      this.#tellOnce(
        'VARIABLE_PROTECTED',
        `A secret has a field ${JSON.stringify(variable)}, which steers this process and is never ` +
          'set by a secret. Name the field after the provider, such as OPENAI_API_KEY.',
      );
    }
  }

  #tellOnce(code: string, message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#emit('warning', { code, message });
    process.emitWarning(message, 'IronCageWarning');
  }
}
