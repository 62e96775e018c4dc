import { createHash, randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { deriveKey, KEY_BYTES, open, seal, SealBrokenError } from '../../kernel/sealed-box.js';
import { StartupError } from '../config/index.js';
import type { MasterKey } from './master-key.js';

const SENTINEL = Buffer.from('iron-cage-sentinel');

/**
 * Wraps and unwraps other keys under the master key, and keeps the server's own secrets (pepper, token key) that every replica shares:
 * random, sealed, in the database. A dump of the database alone opens nothing.
 */
export class Keyring {
  private constructor(
    private readonly wrappingKey: Buffer,
    readonly kekId: string,
    private readonly dataSource: DataSource,
  ) {}

  /** @throws {StartupError} KEK_WRONG when the database was encrypted with another master key */
  static async open(master: MasterKey, dataSource: DataSource): Promise<Keyring> {
    const keyring = Keyring.of(master, dataSource);
    await keyring.checkSentinel(master);
    return keyring;
  }

  wrap(key: Buffer, context: readonly string[]): Buffer {
    return seal(this.wrappingKey, key, ['kek', this.kekId, ...context]);
  }

  /** @throws {SealBrokenError} */
  unwrap(wrapped: Buffer, context: readonly string[]): Buffer {
    return open(this.wrappingKey, wrapped, ['kek', this.kekId, ...context]);
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
    const [row] = await this.dataSource.query<{ version: number; sealed: Buffer }[]>(
      'SELECT version, sealed FROM server_secrets WHERE name = $1 ORDER BY version DESC LIMIT 1',
      [name],
    );
    if (!row) throw new Error(`server secret ${name} is gone`);
    return {
      version: row.version,
      bytes: this.unwrap(row.sealed, ['server-secret', name, String(row.version)]),
    };
  }

  /**
   * Before the schema is touched: is this the key that the database was encrypted with?
   *
   * @throws {StartupError} KEK_WRONG
   */
  static async refuseWrong(master: MasterKey, dataSource: DataSource): Promise<void> {
    const [table] = await dataSource.query<{ there: string | null }[]>(
      `SELECT to_regclass('master_keys')::text AS there`,
    );
    if (table?.there == null) return;
    await Keyring.of(master, dataSource).isKnown(master);
  }

  private static of(master: MasterKey, dataSource: DataSource): Keyring {
    const id = createHash('sha256').update(deriveKey(master.bytes, 'iron-cage/kek-id'));
    return new Keyring(
      deriveKey(master.bytes, 'iron-cage/kek-wrap'),
      id.digest('hex').slice(0, 16),
      dataSource,
    );
  }

  /** @returns false when the database knows no key yet. @throws {StartupError} KEK_WRONG when it knows another */
  private async isKnown(master: MasterKey): Promise<boolean> {
    const known = await this.dataSource.query<{ kek_id: string; sentinel: Buffer }[]>(
      'SELECT kek_id, sentinel FROM master_keys',
    );
    const own = known.find((row) => row.kek_id === this.kekId);
    if (own) {
      try {
        if (this.unwrap(own.sentinel, ['sentinel']).equals(SENTINEL)) return true;
      } catch (error) {
        if (!(error instanceof SealBrokenError)) throw error;
      }
    }
    if (known.length > 0) {
      const wanted = known.map((row) => row.kek_id).join(', ');
      const made = master.fresh
        ? ' The key file was missing, so a new one was made just now; put the old file back in its place.'
        : '';
      throw new StartupError(
        'KEK_WRONG',
        `This database was encrypted with another master key: it needs ${wanted}, and ${master.source} holds ${this.kekId}.${made} Restore the right key; without it the stored provider keys cannot be read. Nothing was changed in the database.`,
      );
    }
    return false;
  }

  private async checkSentinel(master: MasterKey): Promise<void> {
    if (await this.isKnown(master)) return;
    await this.dataSource.query(
      'INSERT INTO master_keys (kek_id, sentinel) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [this.kekId, this.wrap(SENTINEL, ['sentinel'])],
    );
  }
}
