import { isObject, objectAt, type JsonObject } from '../providers/call-plan.js';

/** Under these names credentials pass through the meter, which puts the real ones in the place of placeholders. */
const HEADER = 'x-iron-cage-credential-';
const fields = ['accessKeyId', 'secretAccessKey', 'sessionToken', 'token'] as const;

/** How the AWS SDK is going to sign one request. */
export class SigningCredentials {
  readonly #scheme: JsonObject;

  /** @param context the context of a middleware, after the way of signing was chosen */
  constructor(context: JsonObject) {
    this.#scheme = objectAt(context['__smithy_context'], 'selectedHttpAuthScheme');
  }

  get headers(): Record<string, string> {
    const identity = objectAt(this.#scheme, 'identity');
    return Object.fromEntries(
      fields.flatMap((name) => {
        const value = identity[name];
        return typeof value === 'string' ? [[`${HEADER}${name}`, value]] : [];
      }),
    );
  }

  /** From now on this request, and no other, is signed with what the headers say. */
  replace(headers: Headers): void {
    const identity: JsonObject = { ...objectAt(this.#scheme, 'identity') };
    for (const name of fields) {
      const value = headers.get(`${HEADER}${name}`);
      if (value !== null) identity[name] = value;
    }
    this.#scheme['identity'] = identity;
    const option = objectAt(this.#scheme, 'httpAuthOption');
    const properties = objectAt(option, 'signingProperties');
    const { config } = properties;
    if (!isObject(config) || typeof config['signer'] !== 'function') return; // bearer tokens
    this.#scheme['httpAuthOption'] = {
      ...option,
      signingProperties: { ...properties, config: signingAs(config, identity) },
    };
  }
}

type SignerProvider = (...given: unknown[]) => Promise<object>;

/** Signature version 4 asks its client's configuration for a signer, which has credentials of its own. */
function signingAs(config: JsonObject, identity: JsonObject): JsonObject {
  const signerOf = config['signer'] as SignerProvider;
  const signer: SignerProvider = async (...given) =>
    withIdentity(await signerOf.apply(config, given), identity);
  return new Proxy(config, {
    get: (target, name) => (name === 'signer' ? signer : (Reflect.get(target, name) as unknown)),
  });
}

/** The same signer with other credentials; one that leads to others leads to the same of those. */
function withIdentity(signer: object, identity: JsonObject): object {
  const inner = Object.entries(signer as JsonObject).flatMap(([name, value]) =>
    isObject(value) && typeof value['sign'] === 'function'
      ? [[name, { value: withIdentity(value, identity) }] as const]
      : [],
  );
  return Object.create(signer, {
    credentialProvider: { value: () => Promise.resolve(identity) },
    ...Object.fromEntries(inner),
  }) as object;
}
