import type { Placeholders } from './placeholders.js';
import { isPlaceholder, WELL_KNOWN_VARIABLES } from './placeholders.js';
import { isProtectedVariable } from './protected-variables.js';
import type { SecretStore } from './secret-store.js';

/** Writes placeholders or keys into an environment, and takes back what it wrote. */
export class Injection {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #placeholders: Placeholders;
  readonly #written = new Map<string, { value: string; before: string | undefined }>();

  constructor(environment: NodeJS.ProcessEnv, placeholders: Placeholders) {
    this.#environment = environment;
    this.#placeholders = placeholders;
  }

  /** For clients that are constructed before the secrets are here. Keeps what the user has set. */
  presetWellKnown(): void {
    for (const variable of WELL_KNOWN_VARIABLES) {
      const current = this.#environment[variable];
      if (current === undefined || current === '' || isPlaceholder(current)) {
        this.#write(variable, this.#placeholders.of(variable));
      }
    }
  }

  /**
   * @param mode `env` writes the real keys, `sealed` placeholders
   * @returns the variables that were left alone, because no secret may set them
   */
  apply(secrets: SecretStore, mode: 'sealed' | 'env'): readonly string[] {
    for (const variable of secrets.variables) {
      if (isProtectedVariable(variable)) continue;
      const value =
        mode === 'env' ? secrets.field(variable)?.value.reveal() : this.#placeholders.of(variable);
      if (value !== undefined) this.#write(variable, value);
    }
    // A placeholder without a secret would only delay the clear error of a missing key.
    for (const variable of this.#written.keys()) {
      if (secrets.field(variable) !== undefined) continue;
      // With one of a secret that is not to be had, the call says why.
      if (mode === 'sealed' && secrets.variables.includes(variable)) continue;
      this.#takeBack(variable);
    }
    return secrets.variables.filter(isProtectedVariable);
  }

  /** Restores the environment as it was, where nobody else has changed it since. */
  undo(): void {
    for (const variable of [...this.#written.keys()]) this.#takeBack(variable);
  }

  #write(variable: string, value: string): void {
    const earlier = this.#written.get(variable);
    const before = earlier === undefined ? this.#environment[variable] : earlier.before;
    this.#written.set(variable, { value, before });
    this.#environment[variable] = value;
  }

  #takeBack(variable: string): void {
    const written = this.#written.get(variable);
    this.#written.delete(variable);
    if (written === undefined || this.#environment[variable] !== written.value) return;
    if (written.before === undefined || isPlaceholder(written.before)) {
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- an environment has no other way
      delete this.#environment[variable];
    } else {
      this.#environment[variable] = written.before;
    }
  }
}
