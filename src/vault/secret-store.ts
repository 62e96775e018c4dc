import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError, notFound } from '../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import { type Tx, UnitOfWork, violatedConstraint } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { bindTerms, lockTerms } from './data/binding.rows.js';
import { DataKeys } from './data/data-keys.js';
import { secretRow, type SecretView } from './data/secret.rows.js';
import { MOST_OF_A_SESSION, SESSION_SECRETS_MAX } from './data/session-secrets.js';
import type { BoundTerms } from './domain/secret-binding.js';
import { hintsOf, sealValues, type SecretValues } from './domain/secret-values.js';
import { VaultSeal } from './vault-seal.js';

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

  /**
   * @param work its answer is what the audit row says besides who and what; what it leaves is bound, so it must have looked at what was
   *   there with {@link lock}, or have made it
   */
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
        await bindTerms(tx, this.dataKeys, organizationId, secretId);
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

  /**
   * A secret as somebody set it, for a change of it.
   *
   * @throws {AppError} NOT_FOUND, VAULT_SEALED, KEK_MISSING; SECRET_ALTERED: a change must not make good what was forged
   */
  async lock(tx: Tx, organizationId: string, secretId: string): Promise<BoundTerms> {
    await this.seal.refuse(tx);
    return lockTerms(tx, this.dataKeys, organizationId, secretId);
  }

  /** Of two that add a secret at once the second sees the first. */
  async lockList(tx: Tx, organizationId: string): Promise<void> {
    await tx.query('SELECT 1 FROM organizations WHERE id = $1 FOR NO KEY UPDATE', [organizationId]);
  }

  /** Looks at what is there, a new one included. @throws {AppError} TOO_MANY_SECRETS */
  async refuseTooMany(
    tx: Tx,
    organizationId: string,
    { projectId, environment }: { projectId: string | null; environment: string },
  ): Promise<void> {
    const environments = environment === 'any' ? ['dev', 'live'] : [environment];
    const [row] = await tx.query<{ most: number }>(MOST_OF_A_SESSION, [
      organizationId,
      projectId,
      environments,
    ]);
    if ((row?.most ?? 0) <= SESSION_SECRETS_MAX) return;
    throw new AppError(
      'TOO_MANY_SECRETS',
      `An agent gets ${String(SESSION_SECRETS_MAX)} secrets at most: those of its project and those of the whole organization together. Delete one that nobody needs, or give secrets to single projects instead of to all.`,
    );
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
      `UPDATE provider_secrets SET current_version = $3, revision = revision + 1, updated_at = now(), problem_code = NULL, problem_since = NULL
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
