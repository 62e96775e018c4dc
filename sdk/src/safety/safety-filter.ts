import { PiiBlockedError } from '../errors/catalogue.js';
import { CleanTexts } from './clean-texts.js';
import { findOwnPatterns, type OwnPattern } from './own-patterns.js';
import { findPii, withoutOverlaps } from './detect.js';
import type { Finding } from './finding.js';
import { changeLeaves, type Leaf } from './json-leaves.js';
import { actionsOf, phraseFor, type PiiAction, type PiiPolicy } from './policy.js';
import { redact, type Originals } from './redaction.js';
import { TokenBook, tokenPattern } from './token-book.js';

/** Where something was found: which string of the request, and where in it. */
export interface PiiPosition {
  readonly type: string;
  /** `messages[0].content`. */
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** What was found in one request; never the text itself. */
export interface PiiReport {
  /** The strictest action that was taken. */
  readonly action: 'block' | 'redact' | 'warn';
  /** How often each type was found. */
  readonly types: Readonly<Record<string, number>>;
  /** The first hundred places. */
  readonly positions: readonly PiiPosition[];
}

export interface PiiResult {
  readonly report: PiiReport;
  /** What to put back into the answer; undefined when nothing was replaced or the policy does not want it. */
  readonly originals: Originals | undefined;
}

const POSITIONS_MAX = 100;
/** A short value is read together with its name: `{"password": "…"}`. */
const NAMED_MAX = 256;
const unnamedKeys = new Set([
  '',
  'content',
  'text',
  'input',
  'role',
  'type',
  'model',
  'description',
]);
const strictness = { block: 3, redact: 2, warn: 1 } as const;

/** Looks for personal data in every string of a request before it leaves. */
export class SafetyFilter {
  readonly #actions: ReadonlyMap<string, Exclude<PiiAction, 'off'>>;
  readonly #types: ReadonlySet<string>;
  readonly #restores: boolean;
  readonly #patterns: readonly OwnPattern[];
  readonly #tokens: TokenBook;
  readonly #clean = new CleanTexts();

  /** @param tokens kept when the policy changes, so that tokens stay the same */
  constructor(
    policy: PiiPolicy,
    patterns: readonly OwnPattern[] = [],
    tokens: TokenBook = new TokenBook(),
  ) {
    this.#actions = actionsOf(policy);
    this.#types = new Set(this.#actions.keys());
    this.#restores = policy.restore ?? true;
    this.#patterns = patterns.filter(({ name }) => this.#types.has(name));
    this.#tokens = tokens;
  }

  /** True when nothing is looked for. */
  get isOff(): boolean {
    return this.#actions.size === 0;
  }

  /**
   * Applies the policy to all strings of `body`, in place.
   * @returns what was found; undefined when nothing was
   * @throws PiiBlockedError that names the types and places, never the values
   */
  apply(body: object): PiiResult | undefined {
    if (this.isOff) return undefined;
    const seen = new Seen();
    changeLeaves(body, (leaf) => {
      const findings = this.find(leaf.text, leaf.key);
      if (findings.length > 0) seen.add(leaf, findings);
      return leaf.text;
    });
    if (seen.count === 0) return undefined;
    const { types, positions } = seen;
    const report: PiiReport = { action: this.#strictestOf(types), types, positions };
    if (report.action === 'block') throw this.#blocked(report);
    return report.action === 'redact'
      ? { report, originals: this.#redactIn(body) }
      : { report, originals: undefined };
  }

  /**
   * Finds what the policy looks for in one text, in order.
   * @param key the name that the text has in its object, which may say what it is
   */
  find(text: string, key = ''): Finding[] {
    if (this.#clean.has(text)) return [];
    const isNamed = text.length <= NAMED_MAX && !unnamedKeys.has(key);
    if (!isNamed && this.#patterns.length === 0) {
      const found = findPii(text, this.#types);
      if (found.length === 0) this.#clean.add(text);
      return found;
    }
    const prefix = isNamed ? `${key}: ` : '';
    const found = findPii(prefix + text, this.#types)
      .filter(({ start }) => start >= prefix.length)
      .map(({ type, start, end }) => ({
        type,
        start: start - prefix.length,
        end: end - prefix.length,
      }));
    findOwnPatterns(text, this.#patterns, found);
    return withoutOverlaps(found);
  }

  #redactIn(body: object): Originals | undefined {
    const originals: Originals = new Map();
    const leaves = (leaf: Leaf): string => {
      this.#reserveTokens(leaf.text);
      return leaf.text;
    };
    changeLeaves(body, leaves);
    changeLeaves(body, ({ text, key }) =>
      redact(text, this.find(text, key), ({ type }, value) => {
        if (this.#actions.get(type) !== 'redact') return undefined;
        const token = this.#tokens.tokenOf(type, value);
        if (!originals.has(token)) originals.set(token, value);
        return token;
      }),
    );
    return this.#restores ? originals : undefined;
  }

  #reserveTokens(text: string): void {
    if (!text.includes('[')) return;
    for (const [, name = '', number = ''] of text.matchAll(tokenPattern)) {
      this.#tokens.reserve(name, Number(number));
    }
  }

  #strictestOf(types: Readonly<Record<string, number>>): PiiReport['action'] {
    return Object.keys(types)
      .map((type) => this.#actions.get(type) ?? 'warn')
      .reduce((most, action) => (strictness[action] > strictness[most] ? action : most), 'warn');
  }

  #blocked({ types, positions }: PiiReport): PiiBlockedError {
    const blocked = Object.keys(types).filter((type) => this.#actions.get(type) === 'block');
    const where = positions.find(({ type }) => blocked.includes(type))?.path ?? 'the request';
    return new PiiBlockedError(
      `The prompt contains ${blocked.map(phraseFor).join(' and ')} (${where}); the project does ` +
        'not let that out. Remove it, or set the policy of the project to "redact" for it: then ' +
        'it is replaced before the call and put back into the answer.',
      { status: 422, details: { types, positions } },
    );
  }
}

/** What was seen in one request. */
class Seen {
  readonly types: Record<string, number> = {};
  readonly positions: PiiPosition[] = [];

  get count(): number {
    return Object.keys(this.types).length;
  }

  add(leaf: Leaf, findings: readonly Finding[]): void {
    for (const { type, start, end } of findings) {
      this.types[type] = (this.types[type] ?? 0) + 1;
      if (this.positions.length < POSITIONS_MAX) {
        this.positions.push({ type, path: leaf.path(), start, end });
      }
    }
  }
}
