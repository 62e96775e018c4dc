import { inspect } from 'node:util';

import type { WireSecret } from '../wire/protocol.js';
import { isLoopbackHost } from '../wire/server-address.js';
import { SealedValue } from './sealed-value.js';

/** One field of a secret: what an environment variable stands for. */
export interface SecretField {
  readonly variable: string;
  readonly provider: string;
  /** `https://host`, or `http://host:port` on loopback: the only places it may be sent to. */
  readonly origins: ReadonlySet<string>;
  readonly value: SealedValue;
}

/** The secrets of one delivery, kept sealed, with the hosts they belong to. */
export class SecretStore {
  readonly #fields = new Map<string, SecretField>();
  readonly #providers = new Map<string, string>();
  readonly #problems: string[] = [];

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

  /** The provider whose requests are metered at this place; undefined: not ours. */
  providerAt(url: URL): string | undefined {
    return this.#providers.get(url.origin);
  }

  /** Zeroes every value. */
  wipe(): void {
    for (const { value } of this.#fields.values()) value.wipe();
  }

  [inspect.custom](): string {
    return `SecretStore(${this.variables.join(', ')})`;
  }

  toJSON(): unknown {
    return { variables: this.variables };
  }

  #add(secret: WireSecret): void {
    const origins = new Set(secret.hosts.flatMap((host) => this.#originsOf(secret.name, host)));
    for (const origin of origins) {
      if (!this.#providers.has(origin)) this.#providers.set(origin, secret.provider);
    }
    for (const [variable, text] of Object.entries(secret.fields)) {
      const value = new SealedValue(Buffer.from(text, 'utf8'));
      this.#fields.set(variable, { variable, provider: secret.provider, origins, value });
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

/** `https` always; `http` only for a loopback host with a port. Empty: not a host. */
function originsOf(host: unknown): string[] {
  if (typeof host !== 'string' || !URL.canParse(`https://${host}`)) return [];
  const secure = new URL(`https://${host}`);
  const plain = host.toLowerCase();
  if (secure.host !== plain && secure.host !== plain.replace(/:443$/, '')) return [];
  const hasPort = /:\d+$/.test(host);
  return hasPort && isLoopbackHost(secure.hostname)
    ? [secure.origin, new URL(`http://${host}`).origin]
    : [secure.origin];
}
