import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf } from '../kernel/route.js';
import { SYSTEM, type Tx, UnitOfWork } from '../platform/database/index.js';
import { Keyring, rewrapServerSecrets } from '../platform/keyring/index.js';
import { DataKeys } from './data/data-keys.js';
import type { rewrapKeys } from './keys.contract.js';

const BATCH = 100;
const BATCHES_PER_REQUEST = 20;

/** Moves every key of the installation under the current master key. Secrets are not touched, and everything goes on meanwhile. */
@Injectable()
export class Rewrap {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly dataKeys: DataKeys,
    private readonly keyring: Keyring,
    private readonly audit: AuditTrail,
  ) {}

  async run(user: UserPrincipal): Promise<AnswerOf<typeof rewrapKeys>> {
    let rewrapped = 0;
    for (let batch = 0; batch < BATCHES_PER_REQUEST; batch++) {
      const done = await this.part(user, (tx) => this.dataKeys.rewrap(tx, BATCH));
      rewrapped += done;
      if (done < BATCH) break;
    }
    rewrapped += await this.part(user, (tx) => rewrapServerSecrets(this.keyring, tx));
    const { retired, remaining } = await this.unitOfWork.run(SYSTEM, (tx) => this.retire(tx, user));
    return { masterKeyId: this.keyring.kekId, rewrapped, remaining, retired };
  }

  private part(user: UserPrincipal, work: (tx: Tx) => Promise<number>): Promise<number> {
    return this.unitOfWork.run(SYSTEM, async (tx) => {
      const keys = await work(tx);
      if (keys > 0) await this.record(tx, user, 'vault.rewrap', { keys, to: this.keyring.kekId });
      return keys;
    });
  }

  /** From then on the server starts without them. A data key or server secret that needs one keeps it. */
  private async retire(
    tx: Tx,
    user: UserPrincipal,
  ): Promise<{ retired: string[]; remaining: number }> {
    const { kekId } = this.keyring;
    await tx.query('SELECT kek_id FROM master_keys WHERE kek_id <> $1 FOR UPDATE', [kekId]);
    const gone = await tx.query<{ id: string }>(
      `DELETE FROM master_keys m WHERE m.kek_id <> $1
         AND NOT EXISTS (SELECT 1 FROM server_secrets s WHERE s.kek_id = m.kek_id)
         AND NOT EXISTS (SELECT 1 FROM data_keys d WHERE d.kek_id = m.kek_id)
       RETURNING m.kek_id AS id`,
      [kekId],
    );
    const retired = gone.map(({ id }) => id);
    if (retired.length > 0) await this.record(tx, user, 'vault.master-key.retire', { retired });
    const [left] = await tx.query<{ remaining: number }>(
      `SELECT ((SELECT count(*) FROM data_keys WHERE kek_id <> $1) + (SELECT count(*) FROM server_secrets WHERE kek_id <> $1))::int AS remaining`,
      [kekId],
    );
    return { retired, remaining: left?.remaining ?? 0 };
  }

  private record(
    tx: Tx,
    user: UserPrincipal,
    action: string,
    details: Record<string, unknown>,
  ): Promise<void> {
    const { organizationId } = user;
    const target = 'vault:installation';
    return this.audit.record(tx, { organizationId, actor: actorOf(user), action, target, details });
  }
}
