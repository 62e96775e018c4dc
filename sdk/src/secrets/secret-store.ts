import { inspect } from 'node:util';

import { SecretHostError, SecretUnavailableError } from '../errors/catalogue.js';
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
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly provider: string;
  readonly places: Places;
  readonly isMetered: boolean;
  readonly header: HeaderForm | undefined;
  fields: ReadonlyMap<string, SealedValue>;
  /** Why it has no fields, and which it would have. */
  unavailable: WireSecret['unavailable'];
}

/** What may be over soon: the server could not read where the secret is kept. */
const PASSING = 'SECRET_SOURCE_UNAVAILABLE';

/** The secrets of one delivery, kept sealed, with the places they belong to. */
export class SecretStore {
  readonly #secrets: StoredSecret[] = [];
  readonly #fields = new Map<string, SecretField>();
  /** Variables that stand for a secret which is not to be had. */
  readonly #unavailable = new Map<string, StoredSecret>();
  readonly #problems: string[] = [];
  #isWiped = false;

  constructor(secrets: readonly WireSecret[]) {
    for (const secret of secrets) this.#add(secret);
    this.#index();
  }

  /** Those of secrets that are not to be had too: {@link field} does not know these. */
  get variables(): readonly string[] {
    return [...this.#fields.keys(), ...this.#unavailable.keys()];
  }

  /** Whether it is worth asking for the same secrets again soon. */
  get isIncomplete(): boolean {
    return this.#secrets.some(({ unavailable }) => unavailable?.code === PASSING);
  }

  /**
   * Goes on with the values that were delivered before, of secrets that are the same and not to be had for the moment.
   *
   * @returns true when there are any: they may be used no longer than they might have been, see {@link dropAdopted}
   */
  adopt(previous: SecretStore): boolean {
    let isAny = false;
    for (const secret of this.#secrets) {
      if (secret.unavailable?.code !== PASSING || previous.#isWiped) continue;
      const before = previous.#secrets.find(
        ({ id, version, fields }) =>
          id === secret.id && version === secret.version && fields.size > 0,
      );
      if (before === undefined) continue;
      secret.fields = new Map([...before.fields].map(([name, value]) => [name, value.copy()]));
      isAny = true;
    }
    this.#index();
    return isAny;
  }

  /** Forgets what {@link adopt} took over. */
  dropAdopted(): void {
    for (const secret of this.#secrets) {
      if (secret.unavailable === undefined) continue;
      for (const value of secret.fields.values()) value.wipe();
      secret.fields = new Map();
    }
    this.#index();
  }

  /** What could not be used, for people: one broken entry must not stop every agent. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  field(variable: string): SecretField | undefined {
    return this.#fields.get(variable);
  }

  /** @throws SecretUnavailableError when the variable, or a header that belongs to this place, has no value because its secret has none */
  refuseUnavailable(url: URL, variable?: string): void {
    const named = variable === undefined ? undefined : this.#unavailable.get(variable);
    if (named?.places.includes(url) === true) throw unavailableError(named);
    for (const secret of this.#headersAt(url).values()) {
      if (isMissing(secret)) throw unavailableError(secret);
    }
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

  /**
   * The headers that the secrets of this place set; of two that set the same one the project's own wins.
   *
   * @throws SecretUnavailableError
   */
  headersFor(url: URL): ReadonlyMap<string, string> {
    this.refuseUnavailable(url);
    const headers = new Map<string, string>();
    for (const [name, { header, fields }] of this.#headersAt(url)) {
      const value = header && fillHeader(header, fields);
      if (value !== undefined) headers.set(name, value);
    }
    return headers;
  }

  /** By the name of the header: the secret that sets it. */
  #headersAt(url: URL): ReadonlyMap<string, StoredSecret> {
    const here = new Map<string, StoredSecret>();
    for (const secret of this.#secrets) {
      if (secret.header !== undefined && secret.places.includes(url))
        here.set(secret.header.name, secret);
    }
    return here;
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
    const { id, name, version, unavailable } = secret;
    const isMetered = secret.metered ?? true;
    const header = secret.header ?? undefined;
    const terms = { id, name, version, provider, places, isMetered, header };
    this.#secrets.push({ ...terms, fields, unavailable });
    if (unavailable !== undefined) {
      this.#problems.push(
        `The secret ${JSON.stringify(name)} is not to be had: ${unavailable.message}`,
      );
    }
  }

  /** Of secrets that fill the same variable the last one counts, also one that has no value. */
  #index(): void {
    this.#fields.clear();
    this.#unavailable.clear();
    for (const secret of this.#secrets) {
      const { provider, places, fields } = secret;
      for (const [variable, value] of fields) {
        this.#unavailable.delete(variable);
        this.#fields.set(variable, { variable, provider, places, value });
      }
      if (!isMissing(secret)) continue;
      for (const variable of secret.unavailable?.variables ?? []) {
        this.#fields.delete(variable);
        this.#unavailable.set(variable, secret);
      }
    }
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

function isMissing({ unavailable, fields }: StoredSecret): boolean {
  return unavailable !== undefined && fields.size === 0;
}

function unavailableError({ name, unavailable }: StoredSecret): SecretUnavailableError {
  return new SecretUnavailableError(
    `The secret ${JSON.stringify(name)} is not to be had: ${unavailable?.message ?? ''} Nothing was sent.`,
    { status: 503, details: { secret: name, reason: unavailable?.code ?? '' } },
  );
}
