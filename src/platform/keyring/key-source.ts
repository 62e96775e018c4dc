import { randomBytes } from 'node:crypto';
import { KEY_BYTES } from '../../kernel/sealed-box.js';
import { type Config, StartupError } from '../config/index.js';
import { type MasterKey, readMasterKey, readPreviousKey } from './master-key.js';
import type { KeyProvider } from './providers/key-provider.js';
import { openKeyProvider } from './providers/open-key-provider.js';

/** What the database knows of a master key. */
export interface KnownKek {
  readonly kek_id: string;
  readonly sentinel: Buffer;
  /** Set when a key management service wraps the key: then the database keeps it, wrapped. */
  readonly provider: string | null;
  readonly wrapped: Buffer | null;
}

export interface MasterKeys {
  readonly current: MasterKey;
  /** Still needed to open what the current one has not wrapped yet. */
  readonly previous: readonly MasterKey[];
}

/**
 * Reads the master keys from where the configuration says they are; again whenever the vault is unsealed.
 *
 * @param known of the database, empty before the first start
 * @throws {StartupError} KEK_MISSING, KEK_MALFORMED, KEK_EXPOSED, KEK_PROVIDER
 */
export async function readMasterKeys(
  config: Config,
  known: readonly KnownKek[],
): Promise<MasterKeys> {
  const { kms, kmsPrevious } = config.keys;
  const current =
    kms === undefined
      ? await readMasterKey(config, known.at(-1)?.kek_id)
      : await fromProvider(config, kms, known, true);
  const previous = [
    await readPreviousKey(config),
    kmsPrevious === undefined ? undefined : await fromProvider(config, kmsPrevious, known, false),
  ];
  return { current, previous: previous.filter((key) => key !== undefined) };
}

async function fromProvider(
  config: Config,
  name: string,
  known: readonly KnownKek[],
  mayMake: boolean,
): Promise<MasterKey> {
  const provider = await openKeyProvider(name, config.keys);
  const wrapped = known.findLast((row) => row.provider === name)?.wrapped;
  if (wrapped) {
    const bytes = await provider.unwrap(wrapped);
    if (bytes.length !== KEY_BYTES) throw malformed(name);
    return { bytes, source: name, fresh: false };
  }
  if (!mayMake) {
    throw new StartupError(
      'KEK_MISSING',
      `The database has no master key that ${name} wrapped (IRON_CAGE_KMS_PREVIOUS). Unset it, or correct its name.`,
    );
  }
  const bytes = randomBytes(KEY_BYTES);
  const kept = { provider: name, wrapped: await provider.wrap(bytes) };
  await refuseLoss(provider, name, kept.wrapped, bytes);
  return { bytes, source: name, fresh: true, kept };
}

/** From now on there is no other copy of the key: what cannot be unwrapped now could never be. */
async function refuseLoss(
  provider: KeyProvider,
  name: string,
  wrapped: Buffer,
  bytes: Buffer,
): Promise<void> {
  const again = await provider.unwrap(wrapped);
  const isSame = again.equals(bytes);
  again.fill(0);
  if (isSame) return;
  throw new StartupError(
    'KEK_PROVIDER',
    `${name} does not give back what it was given to wrap. Check that it may be used to encrypt and to decrypt, with one and the same key. Nothing was changed in the database.`,
  );
}

function malformed(name: string): StartupError {
  return new StartupError(
    'KEK_MALFORMED',
    `What ${name} unwrapped is not a master key of 32 bytes. Check that it is the key that wrapped it.`,
  );
}
