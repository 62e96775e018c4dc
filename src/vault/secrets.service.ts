import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError, notFound } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { InputOf } from '../kernel/route.js';
import { seal } from '../kernel/sealed-box.js';
import { type Tx, UnitOfWork, violatedConstraint } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { DataKeys } from './data/data-keys.js';
import { listSecretRows, secretRow, type SecretView } from './data/secret.rows.js';
import { secretContext } from './domain/context.js';
import { knownProvider } from './domain/providers.js';
import type { createSecret } from './vault.contract.js';

type Fields = Readonly<Record<string, string>>;

/** Provider keys: written, versioned, destroyed, and never read back by people. */
@Injectable()
export class Secrets {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly dataKeys: DataKeys,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
  ) {}

  list(organizationId: string, projectId: string | undefined): Promise<SecretView[]> {
    return listSecretRows(this.unitOfWork, organizationId, projectId);
  }

  async create(
    user: UserPrincipal,
    body: InputOf<typeof createSecret>['body'],
  ): Promise<SecretView> {
    const hosts = body.hosts ?? knownProvider(body.provider)?.hosts;
    if (!hosts) {
      throw new AppError(
        'VALIDATION_FAILED',
        `"${body.provider}" is not a known provider: give the hosts that its key may be sent to.`,
      );
    }
    const id = newId();
    const { organizationId } = user;
    return this.write(user, 'secret.create', id, async (tx) => {
      await tx.query(
        `INSERT INTO provider_secrets (organization_id, id, project_id, name, provider, hosts, current_version) VALUES ($1, $2, $3, $4, $5, $6, 1)`,
        [organizationId, id, body.projectId ?? null, body.name, body.provider, hosts],
      );
      await this.addVersion(tx, user, id, 1, body.fields);
    });
  }

  async rotate(user: UserPrincipal, secretId: string, fields: Fields): Promise<SecretView> {
    return this.write(user, 'secret.rotate', secretId, async (tx) => {
      const [row] = await tx.query<{ current_version: number }>(
        `UPDATE provider_secrets SET current_version = current_version + 1, updated_at = now()
         WHERE organization_id = $1 AND id = $2 RETURNING current_version`,
        [user.organizationId, secretId],
      );
      if (!row) throw notFound('secret');
      await this.addVersion(tx, user, secretId, row.current_version, fields);
    });
  }

  async destroy(user: UserPrincipal, secretId: string): Promise<void> {
    await this.unitOfWork.run(user.organizationId, async (tx) => {
      const gone = await tx.query(
        'DELETE FROM provider_secrets WHERE organization_id = $1 AND id = $2 RETURNING id',
        [user.organizationId, secretId],
      );
      if (gone.length === 0) throw notFound('secret');
      await this.record(tx, user, 'secret.destroy', secretId);
    });
    this.signals.publish({ organizationId: user.organizationId, topic: 'secrets' });
  }

  private async write(
    user: UserPrincipal,
    action: string,
    secretId: string,
    work: (tx: Tx) => Promise<void>,
  ): Promise<SecretView> {
    const view = await this.unitOfWork
      .run(user.organizationId, async (tx) => {
        await work(tx);
        await this.record(tx, user, action, secretId);
        return secretRow(tx, user.organizationId, secretId);
      })
      .catch((error: unknown) => {
        throw asRefusal(error);
      });
    if (!view) throw notFound('secret');
    this.signals.publish({ organizationId: user.organizationId, topic: 'secrets' });
    return view;
  }

  private async addVersion(
    tx: Tx,
    user: UserPrincipal,
    secretId: string,
    version: number,
    fields: Fields,
  ): Promise<void> {
    const { organizationId } = user;
    const key = await this.dataKeys.current(tx, organizationId);
    const sealed = seal(
      key.bytes,
      Buffer.from(JSON.stringify(fields)),
      secretContext({ organizationId, secretId, version, dataKeyId: key.id }),
    );
    await tx.query(
      `INSERT INTO provider_secret_versions (organization_id, secret_id, version, data_key_id, sealed, hints, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [
        organizationId,
        secretId,
        version,
        key.id,
        sealed,
        JSON.stringify(hints(fields)),
        actorOf(user),
      ],
    );
  }

  private record(tx: Tx, user: UserPrincipal, action: string, secretId: string): Promise<void> {
    return this.audit.record(tx, {
      organizationId: user.organizationId,
      actor: actorOf(user),
      action,
      target: `secret:${secretId}`,
    });
  }
}

/** Of a short value the last four characters would be too much of it. */
function hints(fields: Fields): { name: string; last4: string }[] {
  return Object.entries(fields).map(([name, value]) => ({
    name,
    last4: value.length >= 16 ? value.slice(-4) : '',
  }));
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
