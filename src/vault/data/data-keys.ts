import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { KEY_BYTES, SealBrokenError } from '../../kernel/sealed-box.js';
import { type Tx, violatedConstraint } from '../../platform/database/index.js';
import { Keyring } from '../../platform/keyring/index.js';
import { dataKeyContext } from '../domain/context.js';

export interface DataKey {
  readonly id: string;
  readonly version: number;
  readonly bytes: Buffer;
}

interface Row {
  id: string;
  version: number;
  kek_id: string;
  wrapped: Buffer;
}

const COLUMNS = 'id, version, kek_id, wrapped';

/** Data keys of an organization, versioned, wrapped by the master key; unwrapped for the time of one use. */
@Injectable()
export class DataKeys {
  constructor(private readonly keyring: Keyring) {}

  /** The newest one, held until the transaction ends, so that it cannot be retired meanwhile; an organization's first secret makes it. */
  async current(tx: Tx, organizationId: string): Promise<DataKey> {
    // Another one may replace it while this waits for its lock: then the next look finds that.
    for (let attempt = 0; attempt < 3; attempt++) {
      const [row] = await tx.query<Row>(
        `SELECT ${COLUMNS} FROM data_keys WHERE organization_id = $1 ORDER BY version DESC LIMIT 1 FOR SHARE`,
        [organizationId],
      );
      if (row) return this.unwrap(organizationId, row);
      await this.add(tx, organizationId, 1);
    }
    throw new Error('the data key was not stored');
  }

  /** Two that add the same version at once: one of them does. */
  async add(tx: Tx, organizationId: string, version: number): Promise<void> {
    const id = newId();
    const bytes = randomBytes(KEY_BYTES);
    const wrapped = this.keyring.wrap(bytes, dataKeyContext(organizationId, id));
    bytes.fill(0);
    try {
      await tx.query(
        `INSERT INTO data_keys (organization_id, id, version, kek_id, wrapped) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT ON CONSTRAINT data_keys_version_unique DO NOTHING`,
        [organizationId, id, version, this.keyring.kekId, wrapped],
      );
    } catch (error) {
      if (violatedConstraint(error) !== 'data_keys_kek_id_fkey') throw error;
      throw new AppError(
        'KEK_MISSING',
        'The master key of this server was replaced by another one. Restart it with the current one.',
        { cause: error },
      );
    }
  }

  async byIds(
    tx: Tx,
    organizationId: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, DataKey>> {
    const rows = await this.rowsOf(tx, organizationId, ids);
    return new Map(rows.map((row) => [row.id, this.unwrap(organizationId, row)]));
  }

  /** As {@link byIds}, but a key that does not open takes the place of a key: the others are of use without it. @throws VAULT_SEALED */
  async eachById(
    tx: Tx,
    organizationId: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, DataKey | AppError>> {
    const rows = await this.rowsOf(tx, organizationId, ids);
    return new Map(rows.map((row) => [row.id, this.tried(organizationId, row)]));
  }

  /** Wraps a part of those that another master key wraps, of whatever organization. @returns how many */
  async rewrap(tx: Tx, limit: number): Promise<number> {
    const rows = await tx.query<Row & { organization_id: string }>(
      `SELECT organization_id, ${COLUMNS} FROM data_keys WHERE kek_id <> $1 ORDER BY organization_id, id LIMIT $2
       FOR NO KEY UPDATE SKIP LOCKED`,
      [this.keyring.kekId, limit],
    );
    for (const row of rows) {
      const { bytes } = this.unwrap(row.organization_id, row);
      const wrapped = this.keyring.wrap(bytes, dataKeyContext(row.organization_id, row.id));
      bytes.fill(0);
      await tx.query(
        'UPDATE data_keys SET kek_id = $3, wrapped = $4 WHERE organization_id = $1 AND id = $2',
        [row.organization_id, row.id, this.keyring.kekId, wrapped],
      );
    }
    return rows.length;
  }

  private rowsOf(tx: Tx, organizationId: string, ids: readonly string[]): Promise<Row[]> {
    return tx.query<Row>(
      `SELECT ${COLUMNS} FROM data_keys WHERE organization_id = $1 AND id = ANY($2::uuid[])`,
      [organizationId, [...new Set(ids)]],
    );
  }

  private tried(organizationId: string, row: Row): DataKey | AppError {
    try {
      return this.unwrap(organizationId, row);
    } catch (error) {
      if (error instanceof AppError && error.code !== 'VAULT_SEALED') return error;
      throw error;
    }
  }

  /** @throws {AppError} VAULT_SEALED, KEK_MISSING, SECRET_UNREADABLE */
  private unwrap(organizationId: string, row: Row): DataKey {
    const context = dataKeyContext(organizationId, row.id);
    try {
      const bytes = this.keyring.unwrap(row.wrapped, context, row.kek_id);
      return { id: row.id, version: row.version, bytes };
    } catch (cause) {
      if (!(cause instanceof SealBrokenError)) throw cause;
      throw new AppError(
        'SECRET_UNREADABLE',
        'A data key of this organization cannot be opened: its row was altered, or restored from elsewhere. Restore it from a backup; what it encrypts cannot be read without it.',
        { internal: `data key ${row.id} does not open`, cause },
      );
    }
  }
}
