import { Inject, Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError } from '../kernel/errors.js';
import { open, SealBrokenError, seal } from '../kernel/sealed-box.js';
import { SYSTEM, type Tx, UnitOfWork } from '../platform/database/index.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { bindTerms } from './data/binding.rows.js';
import { type DataKey, DataKeys } from './data/data-keys.js';
import { secretContext, type SealedVersionOf, unboundContext } from './domain/context.js';

interface Secret {
  readonly organizationId: string;
  readonly secretId: string;
  readonly projectId: string | null;
  readonly environment: string;
  readonly currentVersion: number;
}

interface Version {
  readonly version: number;
  readonly dataKeyId: string;
  readonly sealed: Buffer;
}

const BATCH = 50;
const FIRST = '00000000-0000-0000-0000-000000000000';

/**
 * Binds secrets from before rows were bound to what their rows say, once: their versions are sealed anew, and the earlier form is opened
 * nowhere else. So a binding that somebody takes away later does not come back by itself. What the rows say at that one time is believed,
 * because nothing is there to compare it with; the audit trail says that it was.
 */
@Injectable()
export class EarlierSecrets {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly dataKeys: DataKeys,
    private readonly audit: AuditTrail,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Stopped half-way, it goes on where it stopped.
   *
   * @param unsealed holds the vault open for the transaction
   */
  async bindAll(unsealed: (tx: Tx) => Promise<void>): Promise<void> {
    for (let after: readonly [string, string] | undefined = [FIRST, FIRST]; after;) {
      const from: readonly [string, string] = after;
      after = await this.unitOfWork.run(SYSTEM, async (tx) => {
        await unsealed(tx);
        return this.bindSome(tx, from);
      });
    }
  }

  /** @returns where to go on; undefined: there are no more */
  private async bindSome(
    tx: Tx,
    after: readonly [string, string],
  ): Promise<readonly [string, string] | undefined> {
    const secrets = await tx.query<Secret>(
      `SELECT organization_id AS "organizationId", id AS "secretId", project_id AS "projectId", environment,
              current_version AS "currentVersion"
         FROM provider_secrets
        WHERE binding IS NULL AND (organization_id, id) > ($1::uuid, $2::uuid)
        ORDER BY organization_id, id LIMIT $3 FOR UPDATE`,
      [...after, BATCH],
    );
    for (const secret of secrets) await this.bind(tx, secret);
    const last = secrets.at(-1);
    return last && [last.organizationId, last.secretId];
  }

  private async bind(tx: Tx, secret: Secret): Promise<void> {
    const { organizationId, secretId } = secret;
    const versions = await tx.query<Version>(
      `SELECT version, data_key_id AS "dataKeyId", sealed FROM provider_secret_versions
        WHERE organization_id = $1 AND secret_id = $2 AND destroyed_at IS NULL ORDER BY version FOR UPDATE`,
      [organizationId, secretId],
    );
    const ids = versions.map(({ dataKeyId }) => dataKeyId);
    const keys = await this.dataKeys.eachById(tx, organizationId, ids);
    const resealed = versions.map((version) =>
      inNewForm(keys.get(version.dataKeyId), version, { ...secret, ...version }),
    );
    for (const key of keys.values()) if (!(key instanceof AppError)) key.bytes.fill(0);
    const isThere = versions.some(({ version }) => version === secret.currentVersion);
    if (!isThere || resealed.includes(undefined)) {
      // It stays without a binding, and so is refused at delivery, by name.
      this.logger.warn({ organizationId, secretId }, 'a secret of the earlier form does not open');
      return;
    }
    await tx.query(
      `UPDATE provider_secret_versions v SET sealed = n.sealed FROM unnest($3::int[], $4::bytea[]) AS n (version, sealed)
        WHERE v.organization_id = $1 AND v.secret_id = $2 AND v.version = n.version`,
      [organizationId, secretId, versions.map(({ version }) => version), resealed],
    );
    await bindTerms(tx, this.dataKeys, organizationId, secretId);
    await this.audit.record(tx, {
      organizationId,
      actor: 'server',
      action: 'secret.bind',
      target: `secret:${secretId}`,
      details: { versions: versions.length },
    });
  }
}

/** @returns undefined when it is not of the earlier form, or broken */
function inNewForm(
  key: DataKey | AppError | undefined,
  { sealed }: Version,
  of: SealedVersionOf,
): Buffer | undefined {
  if (!key || key instanceof AppError) return undefined;
  try {
    const bytes = open(key.bytes, sealed, unboundContext(of));
    const again = seal(key.bytes, bytes, secretContext(of));
    bytes.fill(0);
    return again;
  } catch (error) {
    if (error instanceof SealBrokenError) return undefined;
    throw error;
  }
}
