import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { newId } from '../../kernel/ids.js';
import { KEY_BYTES } from '../../kernel/sealed-box.js';
import type { Tx } from '../../platform/database/index.js';
import { Keyring } from '../../platform/keyring/index.js';
import { dataKeyContext } from '../domain/context.js';

export interface DataKey {
  readonly id: string;
  readonly bytes: Buffer;
}

interface Row {
  id: string;
  kek_id: string;
  wrapped: Buffer;
}

/** One data key per organization, wrapped by the master key; unwrapped for the time of one use. */
@Injectable()
export class DataKeys {
  constructor(private readonly keyring: Keyring) {}

  /** The newest one; an organization's first secret makes it. */
  async current(tx: Tx, organizationId: string): Promise<DataKey> {
    const newest = await this.newest(tx, organizationId);
    if (newest) return newest;
    const id = newId();
    await tx.query(
      `INSERT INTO data_keys (organization_id, id, version, kek_id, wrapped) VALUES ($1, $2, 1, $3, $4)
       ON CONFLICT ON CONSTRAINT data_keys_version_unique DO NOTHING`,
      [
        organizationId,
        id,
        this.keyring.kekId,
        this.keyring.wrap(randomBytes(KEY_BYTES), dataKeyContext(organizationId, id)),
      ],
    );
    // Two first secrets at once: both use the key that won.
    const made = await this.newest(tx, organizationId);
    if (!made) throw new Error('the data key was not stored');
    return made;
  }

  async byIds(
    tx: Tx,
    organizationId: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, DataKey>> {
    const rows = await tx.query<Row>(
      'SELECT id, kek_id, wrapped FROM data_keys WHERE organization_id = $1 AND id = ANY($2::uuid[])',
      [organizationId, ids],
    );
    return new Map(rows.map((row) => [row.id, this.unwrap(organizationId, row)]));
  }

  private async newest(tx: Tx, organizationId: string): Promise<DataKey | undefined> {
    const [row] = await tx.query<Row>(
      'SELECT id, kek_id, wrapped FROM data_keys WHERE organization_id = $1 ORDER BY version DESC LIMIT 1',
      [organizationId],
    );
    return row && this.unwrap(organizationId, row);
  }

  private unwrap(organizationId: string, row: Row): DataKey {
    return {
      id: row.id,
      bytes: this.keyring.unwrap(row.wrapped, dataKeyContext(organizationId, row.id)),
    };
  }
}
