import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { AppError } from '../../kernel/errors.js';
import { KEY_BYTES } from '../../kernel/sealed-box.js';
import { StartupError } from '../config/index.js';
import { Kek } from './kek.js';
import { knownKeks, refuseWrongKeys, storeSentinel } from './kek-check.js';
import type { KnownKek, MasterKeys } from './key-source.js';

/** Reads the keys anew each time: their bytes are wiped after use. */
export type ReadMasterKeys = (known: readonly KnownKek[]) => Promise<MasterKeys>;

interface Keks {
  readonly current: Kek;
  readonly all: ReadonlyMap<string, Kek>;
}

/**
 * Wraps and unwraps other keys under the master key, and keeps the server's own secrets (pepper, token key) that every replica shares:
 * random, sealed, in the database. A dump of the database alone opens nothing.
 *
 * What was wrapped names its master key; while one replaces another both are here.
 */
export class Keyring {
  private keks: Keks | undefined;

  private constructor(
    private readonly read: ReadMasterKeys,
    private readonly dataSource: DataSource,
    keys: MasterKeys,
    /** Where the current master key came from, for people. */
    readonly source: string,
  ) {
    this.keks = keksOf(keys);
    this.kekId = this.keks.current.id;
    wipe(keys);
  }

  /** The current master key: everything new is wrapped under it. */
  readonly kekId: string;

  /** @throws {StartupError} KEK_WRONG when the database was encrypted with another master key; all that `read` throws */
  static async open(read: ReadMasterKeys, dataSource: DataSource): Promise<Keyring> {
    let keys = await read(await knownKeks(dataSource));
    if (!(await storeSentinel(dataSource, keys))) {
      // Another replica made the first key of a key management service just now: that one is it.
      wipe(keys);
      keys = await read(await knownKeks(dataSource));
      await storeSentinel(dataSource, keys);
    }
    return new Keyring(read, dataSource, keys, keys.current.source);
  }

  /**
   * Before the schema is touched: are these the keys that the database was encrypted with?
   *
   * @throws {StartupError} KEK_WRONG
   */
  static async refuseWrong(read: ReadMasterKeys, dataSource: DataSource): Promise<void> {
    const known = await knownKeks(dataSource);
    const keys = await read(known);
    refuseWrongKeys(known, keys);
    wipe(keys);
  }

  /** Whether the keys are gone from memory, because the vault is sealed. */
  get locked(): boolean {
    return this.keks === undefined;
  }

  /** Then sealing cannot take it out of the memory: a process keeps the environment that it was started with. */
  get isInEnvironment(): boolean {
    return this.source === 'IRON_CAGE_KEK';
  }

  /** Wipes the keys from memory: nothing can be wrapped or unwrapped until {@link unlock}. */
  lock(): void {
    for (const kek of this.keks?.all.values() ?? []) kek.wipe();
    this.keks = undefined;
  }

  /** Reads the keys again. @throws {StartupError} as the start does; KEK_WRONG also for another current key than at the start */
  async unlock(): Promise<void> {
    if (this.keks) return;
    const known = await knownKeks(this.dataSource);
    const keys = await this.read(known);
    refuseWrongKeys(known, keys);
    const keks = keksOf(keys);
    wipe(keys);
    // Rows would name one key and be wrapped by another: nobody could ever open them.
    if (keks.current.id !== this.kekId) throw replaced(this.kekId, keks.current.id);
    this.keks = keks;
  }

  /** @throws {AppError} VAULT_SEALED */
  wrap(key: Buffer, context: readonly string[]): Buffer {
    return this.open().current.wrap(key, context);
  }

  /**
   * @param kekId the master key that wrapped it
   * @throws {SealBrokenError} when it was altered, or belongs elsewhere
   * @throws {AppError} VAULT_SEALED, KEK_MISSING
   */
  unwrap(wrapped: Buffer, context: readonly string[], kekId: string = this.kekId): Buffer {
    const kek = this.open().all.get(kekId);
    if (!kek) {
      throw new AppError(
        'KEK_MISSING',
        'This server does not have the master key that wrapped this organization’s keys. Give it to the server as the previous master key; see "Keys" in docs/operations.md.',
        { internal: `master key ${kekId} is needed and not here` },
      );
    }
    return kek.unwrap(wrapped, context);
  }

  /** The newest version of a server secret; the first caller of all replicas makes it. */
  async serverSecret(
    name: string,
    make: () => Buffer = () => randomBytes(KEY_BYTES),
  ): Promise<{ version: number; bytes: Buffer }> {
    await this.dataSource.query(
      `INSERT INTO server_secrets (name, version, kek_id, sealed)
       SELECT $1, 1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM server_secrets WHERE name = $1)
       ON CONFLICT DO NOTHING`,
      [name, this.kekId, this.wrap(make(), ['server-secret', name, '1'])],
    );
    const [row] = await this.dataSource.query<
      { version: number; kek_id: string; sealed: Buffer }[]
    >(
      'SELECT version, kek_id, sealed FROM server_secrets WHERE name = $1 ORDER BY version DESC LIMIT 1',
      [name],
    );
    if (!row) throw new Error(`server secret ${name} is gone`);
    return this.openSecret(name, row);
  }

  /** One version of a server secret; `undefined` when there is none of that number. */
  async serverSecretOf(
    name: string,
    version: number,
  ): Promise<{ version: number; bytes: Buffer } | undefined> {
    const [row] = await this.dataSource.query<
      { version: number; kek_id: string; sealed: Buffer }[]
    >('SELECT version, kek_id, sealed FROM server_secrets WHERE name = $1 AND version = $2', [
      name,
      version,
    ]);
    return row && this.openSecret(name, row);
  }

  /** The oldest and the newest version that there are; can be asked while the vault is sealed. */
  async serverSecretSpan(name: string): Promise<{ oldest: number; newest: number }> {
    const [row] = await this.dataSource.query<{ oldest: number; newest: number }[]>(
      'SELECT min(version) AS oldest, max(version) AS newest FROM server_secrets WHERE name = $1 HAVING count(*) > 0',
      [name],
    );
    if (!row) throw new Error(`server secret ${name} is gone`);
    return row;
  }

  private openSecret(
    name: string,
    row: { version: number; kek_id: string; sealed: Buffer },
  ): { version: number; bytes: Buffer } {
    return {
      version: row.version,
      bytes: this.unwrap(row.sealed, serverSecretContext(name, row.version), row.kek_id),
    };
  }

  private open(): Keks {
    if (this.keks) return this.keks;
    throw new AppError(
      'VAULT_SEALED',
      'The vault is sealed: no secret is handed out or stored. An operator can open it with: iron-cage vault unseal',
      { retryAfterSeconds: 15 },
    );
  }
}

export function serverSecretContext(name: string, version: number): string[] {
  return ['server-secret', name, String(version)];
}

function replaced(was: string, is: string): StartupError {
  return new StartupError(
    'KEK_WRONG',
    `The master key of this server was ${was} at its start and is ${is} now. Restart the server to change the master key.`,
  );
}

/** What is derived from them stays until the vault is sealed; they themselves are needed no more. */
function wipe({ current, previous }: MasterKeys): void {
  for (const { bytes } of [current, ...previous]) bytes.fill(0);
}

function keksOf({ current, previous }: MasterKeys): Keks {
  const first = new Kek(current.bytes);
  const all = new Map(
    [first, ...previous.map(({ bytes }) => new Kek(bytes))].map((kek) => [kek.id, kek]),
  );
  return { current: all.get(first.id) ?? first, all };
}
