import { inspect } from 'node:util';

import { SecretHostError } from '../errors/catalogue.js';
import { isKnownProviderHost } from '../providers/known-hosts.js';
import type { WireSecret } from '../wire/protocol.js';
import { fillHeader, type HeaderForm } from './header-form.js';
import { originsOf, Places } from './places.js';
import { SealedValue } from './sealed-value.js';

/** Requests to this place are sent with their secret, and cost nothing here. */
export const UNMETERED = Symbol('unmetered');

/** One field of a secret: what an environment variable stands for. */
export interface SecretField {
  readonly variable: string;
  readonly provider: string;
  /** The only places it may be sent to. */
  readonly places: Places;
  readonly value: SealedValue;
}

interface StoredSecret {
  readonly provider: string;
  readonly places: Places;
  readonly isMetered: boolean;
  readonly header: HeaderForm | undefined;
  readonly fields: ReadonlyMap<string, SealedValue>;
}

/** The secrets of one delivery, kept sealed, with the places they belong to. */
export class SecretStore {
  readonly #secrets: StoredSecret[] = [];
  readonly #fields = new Map<string, SecretField>();
  readonly #problems: string[] = [];
  #isWiped = false;

  constructor(secrets: readonly WireSecret[]) {
    for (const secret of secrets) this.#add(secret);
  }

  get variables(): readonly string[] {
    return [...this.#fields.keys()];
  }

  /** What could not be used, for people: one broken entry must not stop every agent. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  field(variable: string): SecretField | undefined {
    return this.#fields.get(variable);
  }

  /**
   * The provider whose requests are metered at this place, or that nothing is metered there; undefined: not ours.
   * @throws SecretHostError at a provider's, outside of the paths that its secret is meant for
   */
  providerAt(url: URL): string | typeof UNMETERED | undefined {
    const here = this.#secrets.filter(({ places }) => places.origins.has(url.origin));
    if (here.length === 0) return undefined;
    const isOfModels = isKnownProviderHost(url);
    const metered = here.filter(({ isMetered }) => isMetered || isOfModels);
    const found = metered.find(({ places }) => places.includes(url));
    if (found !== undefined) return found.provider;
    if (here.some(({ isMetered, places }) => !isMetered && !isOfModels && places.includes(url)))
      return UNMETERED;
    if (metered.length === 0) return undefined;
    throw new SecretHostError(
      `The secret for ${url.host} may not be used for ${url.pathname}: add the path to the secret if it should be. ` +
        'Nothing was sent.',
      { status: 403, details: { host: url.host, path: url.pathname } },
    );
  }

  /** The headers that the secrets of this place set; of two that set the same one the project's own wins. */
  headersFor(url: URL): ReadonlyMap<string, string> {
    const headers = new Map<string, string>();
    for (const { header, places, fields } of this.#secrets) {
      if (header === undefined || !places.includes(url)) continue;
      const value = fillHeader(header, fields);
      if (value !== undefined) headers.set(header.name, value);
    }
    return headers;
  }

  get isWiped(): boolean {
    return this.#isWiped;
  }

  /** Zeroes every value. */
  wipe(): void {
    this.#isWiped = true;
    for (const { fields } of this.#secrets) {
      for (const value of fields.values()) value.wipe();
    }
  }

  [inspect.custom](): string {
    return `SecretStore(${this.variables.join(', ')})`;
  }

  toJSON(): unknown {
    return { variables: this.variables };
  }

  #add(secret: WireSecret): void {
    const { provider } = secret;
    const origins = secret.hosts.flatMap((host) => this.#originsOf(secret.name, host));
    const places = new Places(origins, secret.paths ?? []);
    const fields = new Map(
      Object.entries(secret.fields).map(([variable, text]) => [
        variable,
        new SealedValue(Buffer.from(text, 'utf8')),
      ]),
    );
    for (const [variable, value] of fields) {
      this.#fields.set(variable, { variable, provider, places, value });
    }
    const isMetered = secret.metered ?? true;
    const header = secret.header ?? undefined;
    this.#secrets.push({ provider, places, isMetered, header, fields });
  }

  /** Without an origin a secret goes nowhere: leaving an entry out is safe. */
  #originsOf(secretName: string, host: string): string[] {
    const origins = originsOf(host);
    if (origins.length === 0) {
      this.#problems.push(
        `The secret ${JSON.stringify(secretName)} names a host that is none: ${JSON.stringify(host)}. ` +
          'The entry is left out; correct it in the dashboard.',
      );
    }
    return origins;
  }
}
