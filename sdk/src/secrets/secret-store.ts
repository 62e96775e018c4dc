import { inspect } from 'node:util';

import { ServerError } from '../errors/catalogue.js';
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

  constructor(secrets: readonly WireSecret[]) {
    for (const secret of secrets) this.#add(secret);
  }

  get variables(): readonly string[] {
    return [...this.#fields.keys()];
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
    const origins = new Set(secret.hosts.flatMap(originsOf));
    for (const origin of origins) {
      if (!this.#providers.has(origin)) this.#providers.set(origin, secret.provider);
    }
    for (const [variable, text] of Object.entries(secret.fields)) {
      const value = new SealedValue(Buffer.from(text, 'utf8'));
      this.#fields.set(variable, { variable, provider: secret.provider, origins, value });
    }
  }
}

/** `https` always; `http` only for a loopback host with a port. */
function originsOf(host: string): string[] {
  if (!URL.canParse(`https://${host}`)) {
    throw new ServerError(`A secret names a host that is none: ${JSON.stringify(host)}.`);
  }
  const secure = new URL(`https://${host}`);
  if (
    secure.host !== host.toLowerCase() &&
    secure.host !== host.toLowerCase().replace(/:443$/, '')
  ) {
    throw new ServerError(`A secret names a host that is none: ${JSON.stringify(host)}.`);
  }
  const hasPort = /:\d+$/.test(host);
  return hasPort && isLoopbackHost(secure.hostname)
    ? [secure.origin, new URL(`http://${host}`).origin]
    : [secure.origin];
}
