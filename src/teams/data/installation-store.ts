import { Injectable } from '@nestjs/common';
import { SHARED, type Tx, UnitOfWork } from '../../platform/database/index.js';

export interface Installation {
  readonly setupDone: boolean;
  readonly setupTokenHash: Buffer | null;
}

const SELECT = `SELECT setup_done_at IS NOT NULL AS "setupDone", setup_token_hash AS "setupTokenHash" FROM installation`;

/** The one row that says whether this installation has its first owner. */
@Injectable()
export class InstallationStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async read(): Promise<Installation> {
    return only(await this.unitOfWork.read<Installation>(SHARED, SELECT));
  }

  async lock(tx: Tx): Promise<Installation> {
    return only(await tx.query<Installation>(`${SELECT} FOR UPDATE`));
  }

  async setToken(tx: Tx, tokenHash: Buffer): Promise<void> {
    await tx.query('UPDATE installation SET setup_token_hash = $1', [tokenHash]);
  }

  async finish(tx: Tx): Promise<void> {
    await tx.query('UPDATE installation SET setup_token_hash = NULL, setup_done_at = now()');
  }
}

function only([row]: Installation[]): Installation {
  if (!row) throw new Error('the installation row is gone');
  return row;
}
