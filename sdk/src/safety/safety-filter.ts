import { createHmac, randomBytes } from 'node:crypto';

import { PiiBlockedError } from '../errors/catalogue.js';
import type { PiiAction } from '../wire/protocol.js';
import { findCards } from './card-scanner.js';
import { findEmails } from './email-scanner.js';
import type { Finding, PiiType } from './finding.js';

export type PiiPolicy = Readonly<Record<PiiType, PiiAction>>;

/** What was found in one request; never the text itself. */
export interface PiiReport {
  readonly action: 'block' | 'redact' | 'warn';
  readonly types: Readonly<Partial<Record<PiiType, number>>>;
}

/** Opaque values of providers: not written by people, and often megabytes of base64. */
const opaqueKeys = new Set(['encrypted_content', 'signature']);
const DEPTH_MAX = 64;
const strictness = { block: 3, redact: 2, warn: 1, off: 0 } as const;

/** Looks for personal data in every string of a request before it leaves. */
export class SafetyFilter {
  readonly #policy: PiiPolicy;
  readonly #secret = randomBytes(32);
  /** Keyed digests, not the values: the filter must not become a collection of them. */
  readonly #numbers = new Map<string, number>();
  readonly #counts: Record<PiiType, number> = { email: 0, card: 0 };

  constructor(policy: Partial<PiiPolicy>) {
    this.#policy = { email: policy.email ?? 'block', card: policy.card ?? 'block' };
  }

  get isOff(): boolean {
    return Object.values(this.#policy).every((action) => action === 'off');
  }

  /**
   * Applies the policy to all strings of `body`, in place.
   * @returns what was redacted or only noticed; undefined when nothing was found
   * @throws PiiBlockedError that names the types, never the values
   */
  apply(body: Record<string, unknown>): PiiReport | undefined {
    if (this.isOff) return undefined;
    const types: Partial<Record<PiiType, number>> = {};
    const findings = this.#search(body, types, 0);
    if (findings === 0) return undefined;
    const action = this.#strictestOf(types);
    if (action === 'block') throw blockedError(types, this.#policy);
    if (action === 'redact') this.#redactInside(body, 0);
    return { action, types };
  }

  #search(value: unknown, types: Partial<Record<PiiType, number>>, depth: number): number {
    if (typeof value === 'string') {
      const found = this.#findIn(value);
      for (const { type } of found) types[type] = (types[type] ?? 0) + 1;
      return found.length;
    }
    let total = 0;
    for (const [, inner] of fieldsOf(value, depth)) total += this.#search(inner, types, depth + 1);
    return total;
  }

  #redactInside(value: unknown, depth: number): void {
    for (const [key, inner] of fieldsOf(value, depth)) {
      if (typeof inner === 'string') Reflect.set(value as object, key, this.#redact(inner));
      else this.#redactInside(inner, depth + 1);
    }
  }

  #redact(text: string): string {
    let result = '';
    let from = 0;
    for (const { type, start, end } of this.#findIn(text)) {
      if (this.#policy[type] !== 'redact') continue;
      result += text.slice(from, start) + this.#tokenOf(type, text.slice(start, end));
      from = end;
    }
    return result + text.slice(from);
  }

  /** The same value always gets the same token, so that providers' prompt caches still hit. */
  #tokenOf(type: PiiType, value: string): string {
    const plain = type === 'email' ? value.toLowerCase() : value.replace(/[ -]/g, '');
    const digest = createHmac('sha256', this.#secret).update(plain).digest('base64');
    let number = this.#numbers.get(digest);
    if (number === undefined) {
      this.#counts[type] += 1;
      number = this.#counts[type];
      this.#numbers.set(digest, number);
    }
    return `[${type.toUpperCase()}_${number.toString()}]`;
  }

  #findIn(text: string): Finding[] {
    if (text.startsWith('data:') && text.slice(0, 100).includes(';base64,')) return [];
    const emails = this.#policy.email === 'off' ? [] : findEmails(text);
    const cards = this.#policy.card === 'off' ? [] : findCards(text);
    if (emails.length === 0 || cards.length === 0) return emails.length === 0 ? cards : emails;
    // An address may contain a number that looks like a card: what starts first wins.
    const sorted = [...emails, ...cards].sort((first, second) => first.start - second.start);
    let coveredUntil = 0;
    return sorted.filter(({ start, end }) => {
      if (start < coveredUntil) return false;
      coveredUntil = end;
      return true;
    });
  }

  #strictestOf(types: Partial<Record<PiiType, number>>): 'block' | 'redact' | 'warn' {
    const actions = (Object.keys(types) as PiiType[]).map((type) => this.#policy[type]);
    const strictest = actions.reduce((most, action) =>
      strictness[action] > strictness[most] ? action : most,
    );
    return strictest === 'off' ? 'warn' : strictest;
  }
}

function* fieldsOf(value: unknown, depth: number): Generator<[string, unknown]> {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEPTH_MAX) {
    throw new PiiBlockedError('The request is nested too deeply to be checked for personal data.');
  }
  for (const [key, inner] of Object.entries(value)) {
    if (!opaqueKeys.has(key)) yield [key, inner];
  }
}

function blockedError(types: Partial<Record<PiiType, number>>, policy: PiiPolicy): PiiBlockedError {
  const blocked = (Object.keys(types) as PiiType[]).filter((type) => policy[type] === 'block');
  const names = { email: 'an e-mail address', card: 'a payment card number' };
  return new PiiBlockedError(
    `The prompt contains ${blocked.map((type) => names[type]).join(' and ')}; the project does ` +
      'not let that out. Remove it, or set the policy to "redact".',
    { status: 422, details: { types } },
  );
}
