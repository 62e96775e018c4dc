import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError } from '../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf } from '../kernel/route.js';
import { type Tx, UnitOfWork } from '../platform/database/index.js';
import { Keyring } from '../platform/keyring/index.js';
import { Signals } from '../platform/redis/index.js';
import { DataKeys } from './data/data-keys.js';
import { reencryptSome } from './data/reencryption.js';
import type { getVault, shredVault } from './keys.contract.js';
import { VaultSeal } from './vault-seal.js';

type VaultView = AnswerOf<typeof getVault>;

/** What one request does at most: the caller repeats it, so that a stop at any point loses nothing. */
const BATCH = 100;
const BATCHES_PER_REQUEST = 20;

const STATUS = `
  SELECT i.vault_sealed_at AS "sealedAt", coalesce(k.version, 0) AS "dataKeyVersion", k.created_at AS "dataKeyCreatedAt",
    (SELECT count(*)::int FROM provider_secret_versions v WHERE v.organization_id = $1 AND v.data_key_id <> k.id) AS remaining,
    (SELECT count(*)::int FROM data_keys d WHERE d.organization_id = $1 AND d.kek_id <> $2) AS "wrappedElsewhere"
  FROM installation i
  LEFT JOIN LATERAL (
    SELECT d.id, d.version, d.created_at FROM data_keys d WHERE d.organization_id = $1 ORDER BY d.version DESC LIMIT 1) AS k ON true`;

/** The keys of one organization: their state, their replacement while the server runs, and their end. */
@Injectable()
export class VaultKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly dataKeys: DataKeys,
    private readonly keyring: Keyring,
    private readonly seal: VaultSeal,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
  ) {}

  async status(organizationId: string): Promise<VaultView> {
    const [row] = await this.unitOfWork.read<Omit<VaultView, 'sealed' | 'masterKeyId'>>(
      organizationId,
      STATUS,
      [organizationId, this.keyring.kekId],
    );
    if (!row) throw new Error('the installation row is gone');
    return { ...row, sealed: row.sealedAt !== null, masterKeyId: this.keyring.kekId };
  }

  /**
   * Makes the data key after `replaces`, unless it is there already, and encrypts with it a part of what an earlier one encrypts. Agents
   * are served meanwhile; a data key that encrypts nothing any more is destroyed.
   */
  async rotate(user: UserPrincipal, replaces: number): Promise<VaultView> {
    const { organizationId } = user;
    await this.unitOfWork.run(organizationId, (tx) => this.begin(tx, user, replaces));
    for (let batch = 0; batch < BATCHES_PER_REQUEST; batch++) {
      const done = await this.unitOfWork.run(organizationId, (tx) =>
        reencryptSome(tx, this.dataKeys, organizationId, BATCH),
      );
      if (done < BATCH) break;
    }
    await this.unitOfWork.run(organizationId, (tx) => this.retire(tx, user));
    return this.status(organizationId);
  }

  /** Nothing that the organization's data keys encrypted can be read again, wherever a copy of it lies without its key. */
  async shred(user: UserPrincipal, confirm: string): Promise<AnswerOf<typeof shredVault>> {
    const { organizationId } = user;
    const destroyed = await this.unitOfWork.run(organizationId, async (tx) => {
      const [organization] = await tx.query<{ name: string }>(
        'SELECT name FROM organizations WHERE id = $1',
        [organizationId],
      );
      if (organization?.name !== confirm) {
        throw new AppError(
          'VALIDATION_FAILED',
          'The confirmation is not the name of the organization. Nothing was destroyed; type the name exactly as it is shown.',
        );
      }
      await lockKeys(tx, organizationId);
      const [versions] = await tx.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM provider_secret_versions WHERE organization_id = $1',
        [organizationId],
      );
      const secrets = await tx.query(
        'DELETE FROM provider_secrets WHERE organization_id = $1 RETURNING id',
        [organizationId],
      );
      const keys = await tx.query('DELETE FROM data_keys WHERE organization_id = $1 RETURNING id', [
        organizationId,
      ]);
      const counts = {
        dataKeys: keys.length,
        secrets: secrets.length,
        versions: versions?.count ?? 0,
      };
      await this.record(tx, user, 'vault.shred', counts);
      return counts;
    });
    this.signals.publish({ organizationId, topic: 'secrets' });
    return destroyed;
  }

  private async begin(tx: Tx, user: UserPrincipal, replaces: number): Promise<void> {
    const { organizationId } = user;
    await this.seal.refuse(tx);
    const newest = await lockKeys(tx, organizationId);
    if (newest > replaces) return;
    if (newest < replaces) {
      throw new AppError(
        'CONFLICT',
        `The data key is at version ${String(newest)}, not ${String(replaces)}. Read it again (GET /v1/vault).`,
      );
    }
    await this.dataKeys.add(tx, organizationId, replaces + 1);
    await this.record(tx, user, 'vault.rotate', { from: replaces, to: replaces + 1 });
  }

  /** Whoever encrypts holds the newest key shared: under the lock nothing new can be encrypted with an older one. */
  private async retire(tx: Tx, user: UserPrincipal): Promise<void> {
    const { organizationId } = user;
    const newest = await lockKeys(tx, organizationId);
    const gone = await tx.query<{ version: number }>(
      `DELETE FROM data_keys d WHERE d.organization_id = $1 AND d.version < $2
         AND NOT EXISTS (SELECT 1 FROM provider_secret_versions v WHERE v.organization_id = d.organization_id AND v.data_key_id = d.id)
       RETURNING d.version`,
      [organizationId, newest],
    );
    if (gone.length === 0) return;
    await this.record(tx, user, 'vault.key.destroy', {
      versions: gone.map(({ version }) => version),
    });
  }

  private record(tx: Tx, user: UserPrincipal, action: string, details: object): Promise<void> {
    const { organizationId } = user;
    return this.audit.record(tx, {
      organizationId,
      actor: actorOf(user),
      action,
      target: `vault:${organizationId}`,
      details: { ...details },
    });
  }
}

/** @returns the newest version; 0: none */
async function lockKeys(tx: Tx, organizationId: string): Promise<number> {
  const rows = await tx.query<{ version: number }>(
    'SELECT version FROM data_keys WHERE organization_id = $1 ORDER BY version DESC FOR UPDATE',
    [organizationId],
  );
  return rows[0]?.version ?? 0;
}
