/** `@iron-cage/sdk/bedrock`: for `BedrockRuntimeClient` of `@aws-sdk/client-bedrock-runtime`. */
import { meterRequests, type Middleware } from './bedrock/middleware.js';
import type { Cage } from './core/cage.js';
import { IronCage } from './core/iron-cage.js';
import { ConfigurationError } from './errors/catalogue.js';

/** What is used of a client of the AWS SDK. */
export interface AwsClient {
  readonly middlewareStack: {
    addRelativeTo: (middleware: never, options: never) => void;
  };
}

/**
 * Puts the meter into a client, before its requests are signed: every attempt is leased, limited,
 * booked and, when nothing is left, refused. `Converse`, `InvokeModel` and their streams are
 * metered; everything else that costs is refused. The project needs a secret of the provider `aws`
 * that allows the client's endpoint as its host; keys that are placeholders are replaced by the
 * real ones just for the signature.
 * @returns the same client
 * @throws ConfigurationError when Iron Cage does not run in this process
 */
export function withIronCage<Client extends AwsClient>(
  client: Client,
  options: { readonly cage?: Cage } = {},
): Client {
  const cage = options.cage ?? IronCage.current();
  if (cage === undefined) {
    throw new ConfigurationError(
      'Iron Cage does not run in this process: await IronCage.init() first, or give a cage.',
    );
  }
  const add = client.middlewareStack.addRelativeTo.bind(client.middlewareStack) as (
    middleware: Middleware,
    where: Readonly<Record<string, unknown>>,
  ) => void;
  add(meterRequests(cage), {
    name: 'ironCageMiddleware',
    override: true,
    relation: 'before',
    toMiddleware: 'httpSigningMiddleware',
  });
  return client;
}
