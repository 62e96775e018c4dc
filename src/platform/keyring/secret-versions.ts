import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { AppError } from '../../kernel/errors.js';
import { KEY_BYTES } from '../../kernel/sealed-box.js';
import type { Tx } from '../database/index.js';
import type { Jobs } from '../jobs/index.js';
import { type Keyring, serverSecretContext } from './keyring.js';

/** Between two looks for versions that other replicas have made or dropped. */
const FOLLOW_MS = 30_000;

export interface SecretVersion {
  readonly version: number;
  readonly key: KeyObject;
}

/**
 * The versions of one server secret: the newest makes what is new, older ones check what they made. All replicas share them through the
 * database; what is at hand here goes on working while the vault is sealed.
 */
export class SecretVersions {
  private readonly known = new Map<number, SecretVersion>();
  private readonly looking = new Map<number, Promise<SecretVersion | undefined>>();

  private constructor(
    private readonly keyring: Keyring,
    private readonly name: string,
    private newest: SecretVersion,
  ) {
    this.known.set(newest.version, newest);
  }

  /** The first caller of all replicas makes the first version. @throws {AppError} VAULT_SEALED */
  static async open(keyring: Keyring, name: string): Promise<SecretVersions> {
    return new SecretVersions(keyring, name, versionOf(await keyring.serverSecret(name)));
  }

  get current(): SecretVersion {
    return this.newest;
  }

  /**
   * One that is not known here yet was made by another replica a moment ago: it is looked for, by all who ask at once together.
   *
   * @returns undefined when there is no such version
   * @throws {AppError} VAULT_SEALED when it would have to be opened
   */
  of(version: number): Promise<SecretVersion | undefined> {
    const known = this.known.get(version);
    if (known) return Promise.resolve(known);
    const running = this.looking.get(version);
    if (running) return running;
    const looking = this.keyring
      .serverSecretOf(this.name, version)
      .then((found) => found && this.learn(versionOf(found)))
      .finally(() => this.looking.delete(version));
    this.looking.set(version, looking);
    return looking;
  }

  /** The newest, for what must still be checkable later: a version that was dropped meanwhile makes nothing any more. @throws {AppError} VAULT_SEALED when the newest would have to be opened, and what is at hand was dropped */
  async forNew(): Promise<SecretVersion> {
    const { oldest, newest } = await this.keyring.serverSecretSpan(this.name);
    try {
      await this.of(newest);
    } catch (error) {
      if (this.newest.version < oldest) throw error;
    }
    return this.newest;
  }

  /** Looks at the database from time to time: what another replica has rotated counts here too, whether or not anything of it comes by. */
  follow(jobs: Jobs, pauseMs = FOLLOW_MS): this {
    jobs.every(pauseMs, `secret-versions:${this.name}`, () => this.refresh());
    return this;
  }

  /** Learns the newest version, and forgets those that were dropped, whoever did it. */
  async refresh(): Promise<void> {
    const { oldest, newest } = await this.keyring.serverSecretSpan(this.name);
    await this.of(newest);
    for (const version of this.known.keys()) if (version < oldest) this.known.delete(version);
  }

  /**
   * Makes a new version as part of a larger change. It counts nowhere before the commit; after it call {@link refresh}.
   *
   * @returns its number
   * @throws {AppError} CONFLICT when another rotation was faster; then nothing of the transaction may stay. VAULT_SEALED
   */
  async rotate(tx: Tx): Promise<number> {
    const { kekId } = this.keyring;
    const [last] = await tx.query<{ version: number }>(
      'SELECT coalesce(max(version), 0) AS version FROM server_secrets WHERE name = $1',
      [this.name],
    );
    const version = (last?.version ?? 0) + 1;
    const bytes = randomBytes(KEY_BYTES);
    const sealed = this.keyring.wrap(bytes, serverSecretContext(this.name, version));
    bytes.fill(0);
    const made = await tx.query(
      `INSERT INTO server_secrets (name, version, kek_id, sealed) VALUES ($1, $2, $3, $4)
       ON CONFLICT DO NOTHING RETURNING version`,
      [this.name, version, kekId, sealed],
    );
    if (made.length > 0) return version;
    throw new AppError(
      'CONFLICT',
      'Another rotation was faster, and this one has changed nothing. Look before you try again.',
    );
  }

  /** Forgets all versions before this one for good. What they protect cannot be checked any more. */
  async dropBefore(tx: Tx, version: number): Promise<void> {
    await tx.query('DELETE FROM server_secrets WHERE name = $1 AND version < $2', [
      this.name,
      version,
    ]);
  }

  private learn(found: SecretVersion): SecretVersion {
    this.known.set(found.version, found);
    if (found.version > this.newest.version) this.newest = found;
    return found;
  }
}

/** The bytes are wiped: a key object shows up in no log and no inspection. */
function versionOf({ version, bytes }: { version: number; bytes: Buffer }): SecretVersion {
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return { version, key };
}
