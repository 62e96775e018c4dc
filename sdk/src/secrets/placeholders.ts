import { randomBytes } from 'node:crypto';

const pattern = /(?:sk-ant-api03-|sk-)?ironcage-[0-9a-f]{40}/g;

/** Variables that clients read when they are constructed, often before the secrets are here. */
export const WELL_KNOWN_VARIABLES = ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY'] as const;

/**
 * Stand-ins for real keys, unique to this process: they look like the vendor's keys, are worthless
 * outside, and the metering fetch swaps the real key in just before a request leaves.
 */
export class Placeholders {
  readonly #variables = new Map<string, string>();
  readonly #byVariable = new Map<string, string>();

  /** The placeholder of a variable: always the same one within this process. */
  of(variable: string): string {
    let placeholder = this.#byVariable.get(variable);
    if (placeholder === undefined) {
      placeholder = `${prefixOf(variable)}ironcage-${randomBytes(20).toString('hex')}`;
      this.#byVariable.set(variable, placeholder);
      this.#variables.set(placeholder, variable);
    }
    return placeholder;
  }

  /** The variable that a placeholder of this process stands for. */
  variableOf(placeholder: string): string | undefined {
    return this.#variables.get(placeholder);
  }
}

/** All placeholders in a text, those of other processes included. */
export function findPlaceholders(text: string): readonly string[] {
  return text.includes('ironcage-') ? (text.match(pattern) ?? []) : [];
}

export function isPlaceholder(text: string | undefined): boolean {
  return text !== undefined && findPlaceholders(text)[0] === text;
}

function prefixOf(variable: string): string {
  if (variable.startsWith('ANTHROPIC_')) return 'sk-ant-api03-';
  return variable.startsWith('OPENAI_') ? 'sk-' : '';
}
