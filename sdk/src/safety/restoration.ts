import type { Originals } from './redaction.js';
import { tokenPattern } from './token-book.js';

/** Fields that hold JSON in a string: a value must be escaped once more there. */
const jsonFields = new Set(['arguments', 'partial_json']);

/** Puts the original values back into what a provider answered. Only tokens of the request itself are known. */
export class Restoration {
  readonly #originals: Originals;

  constructor(originals: Originals) {
    this.#originals = originals;
  }

  /** @param isJson the text is JSON (or a part of it), so that values are escaped */
  inText(text: string, isJson: boolean): string {
    if (!text.includes('[')) return text;
    return text.replace(tokenPattern, (token) => {
      const value = this.#originals.get(token);
      if (value === undefined) return token;
      return isJson ? JSON.stringify(value).slice(1, -1) : value;
    });
  }

  /** Changes all strings of a parsed answer in place. */
  inValue(value: unknown, key = ''): unknown {
    if (typeof value === 'string') return this.inText(value, jsonFields.has(key));
    if (typeof value !== 'object' || value === null) return value;
    for (const [name, inner] of Object.entries(value)) {
      const after = this.inValue(inner, Array.isArray(value) ? key : name);
      if (after !== inner) Reflect.set(value, name, after);
    }
    return value;
  }

  /** @returns undefined when there is nothing to put back, so that the answer stays as it came */
  inBody(text: string): string | undefined {
    if (!this.#isIn(text)) return undefined;
    try {
      return JSON.stringify(this.inValue(JSON.parse(text)));
    } catch {
      return undefined;
    }
  }

  #isIn(text: string): boolean {
    for (const [token] of text.matchAll(tokenPattern)) if (this.#originals.has(token)) return true;
    return false;
  }
}

/** @returns the answer as the agent should see it; undefined when it may stay as it came */
export function restoredAnswer(text: string, originals: Originals | undefined): string | undefined {
  return originals === undefined ? undefined : new Restoration(originals).inBody(text);
}
