import { type KeyConfig, StartupError } from '../../config/index.js';
import type { KeyProvider } from './key-provider.js';

/**
 * The client of a key management service; loaded when it is configured, and not otherwise.
 *
 * @param name as in `IRON_CAGE_KMS`: `aws:<key>` or `vault:<mount>/<key>`
 * @throws {StartupError} KEK_PROVIDER
 */
export async function openKeyProvider(name: string, config: KeyConfig): Promise<KeyProvider> {
  const provider = await load(name, config);
  const told = async (what: string, work: Promise<Buffer>): Promise<Buffer> => {
    try {
      return await work;
    } catch (error) {
      throw refused(name, what, error);
    }
  };
  return {
    wrap: (key) => told('wrap a new master key', provider.wrap(key)),
    unwrap: (wrapped) => told('unwrap the master key', provider.unwrap(wrapped)),
  };
}

async function load(name: string, config: KeyConfig): Promise<KeyProvider> {
  const [kind = '', ...rest] = name.split(':');
  const key = rest.join(':');
  if (kind === 'aws') {
    const { AwsKms } = await import('./aws-kms.js');
    return AwsKms.open(key);
  }
  const { VaultTransit } = await import('./vault-transit.js');
  return VaultTransit.open(key, config);
}

/** Without its cause: what a parser or a client quotes of an answer may be a part of the key. */
function refused(name: string, what: string, error: unknown): StartupError {
  if (error instanceof StartupError) return error;
  return new StartupError(
    'KEK_PROVIDER',
    `${name} did not ${what} (${reasonOf(error)}). Check that it is reachable, that the key exists, and that this server may use it. Nothing was changed in the database.`,
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'its answer cannot be read';
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return reason.slice(0, 300);
}
