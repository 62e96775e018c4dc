import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError, notFound } from '../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import { type Tx, UnitOfWork, violatedConstraint } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { DataKeys } from './data/data-keys.js';
import { secretRow, type SecretView } from './data/secret.rows.js';
import { hintsOf, sealValues, type SecretValues } from './domain/secret-values.js';
import { VaultSeal } from './vault-seal.js';

export interface LockedSecret {
  readonly projectId: string | null;
  readonly environment: string;
  readonly currentVersion: number;
  readonly headerName: string | null;
  readonly headerValue: string | null;
  readonly provider: string;
  readonly hosts: readonly string[];
}

/** Writes secrets: each change is one transaction with its audit row, and is told to the running sessions. */
@Injectable()
export class SecretStore {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly dataKeys: DataKeys,
    private readonly seal: VaultSeal,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
  ) {}

  /** @param work its answer is what the audit row says besides who and what */
  async change(
    user: UserPrincipal,
    action: string,
    secretId: string,
    work: (tx: Tx) => Promise<Record<string, unknown> | undefined>,
  ): Promise<SecretView | undefined> {
    const { organizationId } = user;
    const view = await this.unitOfWork
      .run(organizationId, async (tx) => {
        const details = await work(tx);
        await this.audit.record(tx, {
          organizationId,
          actor: actorOf(user),
          action,
          target: `secret:${secretId}`,
          ...(details && { details }),
        });
        return secretRow(tx, organizationId, secretId);
      })
      .catch((error: unknown) => {
        throw asRefusal(error);
      });
    this.signals.publish({ organizationId, topic: 'secrets' });
    return view;
  }

  /** As {@link change}, of a secret that is there afterwards. */
  async changeTo(...parameters: Parameters<SecretStore['change']>): Promise<SecretView> {
    const view = await this.change(...parameters);
    if (!view) throw notFound('secret');
    return view;
  }

  /** @throws {AppError} NOT_FOUND */
  async lock(tx: Tx, organizationId: string, secretId: string): Promise<LockedSecret> {
    const [row] = await tx.query<LockedSecret>(
      `SELECT project_id AS "projectId", environment, current_version AS "currentVersion", header_name AS "headerName",
              header_value AS "headerValue", provider, hosts
         FROM provider_secrets WHERE organization_id = $1 AND id = $2 FOR UPDATE`,
      [organizationId, secretId],
    );
    if (!row) throw notFound('secret');
    return row;
  }

  /** @throws {AppError} VAULT_SEALED */
  async addVersion(
    tx: Tx,
    user: UserPrincipal,
    secret: { id: string; projectId: string | null; environment: string; version: number },
    values: SecretValues,
  ): Promise<void> {
    const { organizationId } = user;
    const { id: secretId, version } = secret;
    await this.seal.refuse(tx);
    const key = await this.dataKeys.current(tx, organizationId);
    const row = { ...secret, organizationId, secretId, dataKeyId: key.id };
    await tx.query(
      `INSERT INTO provider_secret_versions (organization_id, secret_id, version, data_key_id, sealed, hints, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [
        organizationId,
        secretId,
        version,
        key.id,
        sealValues(key.bytes, values, row),
        JSON.stringify(hintsOf(values)),
        actorOf(user),
      ],
    );
    key.bytes.fill(0);
  }

  /** Running sessions see another revision, and fetch their secrets again. */
  async pointTo(tx: Tx, organizationId: string, secretId: string, version: number): Promise<void> {
    await tx.query(
      `UPDATE provider_secrets SET current_version = $3, revision = revision + 1, updated_at = now()
        WHERE organization_id = $1 AND id = $2`,
      [organizationId, secretId, version],
    );
  }
}

function asRefusal(error: unknown): unknown {
  const constraint = violatedConstraint(error);
  if (constraint === 'provider_secrets_project') return notFound('project');
  if (constraint !== 'provider_secrets_name_unique') return error;
  return new AppError(
    'NAME_TAKEN',
    'There is a secret of that name already. Rotate it, or choose another name.',
  );
}
