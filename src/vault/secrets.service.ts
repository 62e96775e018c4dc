import { Injectable } from '@nestjs/common';
import { AppError, notFound } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import type { UserPrincipal } from '../kernel/principal.js';
import type { InputOf } from '../kernel/route.js';
import { UnitOfWork } from '../platform/database/index.js';
import { listSecretRows, type SecretView } from './data/secret.rows.js';
import { type HeaderForm, headerProblem } from './domain/header-form.js';
import type { BoundTerms } from './domain/secret-binding.js';
import { isProviderHost, knownProvider } from './domain/providers.js';
import { type SecretValues, secretValues } from './domain/secret-values.js';
import { References } from './references.js';
import { SecretStore } from './secret-store.js';
import type { createSecret, rotateSecret, updateSecret } from './secrets.contract.js';

/** Provider keys: written, changed, destroyed, and never read back by people. */
@Injectable()
export class Secrets {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SecretStore,
    private readonly references: References,
  ) {}

  list(organizationId: string, projectId: string | undefined): Promise<SecretView[]> {
    return listSecretRows(this.unitOfWork, organizationId, projectId);
  }

  async create(
    user: UserPrincipal,
    body: InputOf<typeof createSecret>['body'],
  ): Promise<SecretView> {
    const { provider, paths = [], header = null, metered = true, environment = 'any' } = body;
    const hosts = body.hosts ?? knownProvider(provider)?.hosts;
    if (!hosts) {
      throw invalid(
        `"${provider}" is not a known provider: give the hosts that its key may be sent to.`,
      );
    }
    refuseUnmeteredProvider(metered, provider, hosts);
    const values = await this.valuesOf(user, body, header);
    const id = newId();
    const projectId = body.projectId ?? null;
    return this.store.changeTo(user, 'secret.create', id, async (tx) => {
      await this.store.lockList(tx, user.organizationId);
      await tx.query(
        `INSERT INTO provider_secrets
           (organization_id, id, project_id, name, provider, hosts, paths, header_name, header_value, metered, environment, current_version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)`,
        [
          user.organizationId,
          id,
          projectId,
          body.name,
          provider,
          hosts,
          paths,
          header?.name ?? null,
          header?.value ?? null,
          metered,
          environment,
        ],
      );
      await this.store.refuseTooMany(tx, user.organizationId, { projectId, environment });
      await this.store.addVersion(tx, user, { id, projectId, environment, version: 1 }, values);
      return { name: body.name, environment, projectId };
    });
  }

  async update(
    user: UserPrincipal,
    secretId: string,
    body: InputOf<typeof updateSecret>['body'],
  ): Promise<SecretView> {
    const { organizationId } = user;
    return this.store.changeTo(user, 'secret.update', secretId, async (tx) => {
      const before = await this.store.lock(tx, organizationId, secretId);
      const [now] = await tx.query<{ hints: { name: string }[] }>(
        'SELECT hints FROM provider_secret_versions WHERE organization_id = $1 AND secret_id = $2 AND version = $3',
        [organizationId, secretId, before.currentVersion],
      );
      const header = body.header === undefined ? headerOf(before) : body.header;
      refuseHeader(header, now?.hints.map(({ name }) => name) ?? []);
      const metered = body.metered ?? before.metered;
      refuseUnmeteredProvider(metered, before.provider, body.hosts ?? before.hosts);
      await tx.query(
        `UPDATE provider_secrets
            SET name = coalesce($3, name), hosts = coalesce($4, hosts), paths = coalesce($5, paths), header_name = $6, header_value = $7,
                metered = $8, revision = revision + 1, updated_at = now()
          WHERE organization_id = $1 AND id = $2`,
        [
          organizationId,
          secretId,
          body.name ?? null,
          body.hosts ?? null,
          body.paths ?? null,
          header?.name ?? null,
          header?.value ?? null,
          metered,
        ],
      );
      return { ...body };
    });
  }

  /** The new version is handed out at once; the one before stays until somebody destroys it. */
  async rotate(
    user: UserPrincipal,
    secretId: string,
    body: InputOf<typeof rotateSecret>['body'],
  ): Promise<SecretView> {
    const { organizationId } = user;
    const values = await this.valuesOf(user, body, null);
    return this.store.changeTo(user, 'secret.rotate', secretId, async (tx) => {
      const secret = await this.store.lock(tx, organizationId, secretId);
      refuseHeader(headerOf(secret), Object.keys(values));
      const [latest] = await tx.query<{ version: number }>(
        'SELECT max(version) AS version FROM provider_secret_versions WHERE organization_id = $1 AND secret_id = $2',
        [organizationId, secretId],
      );
      const version = (latest?.version ?? 0) + 1;
      await this.store.addVersion(tx, user, { ...secret, version }, values);
      await this.store.pointTo(tx, organizationId, secretId, version);
      return { version };
    });
  }

  async destroy(user: UserPrincipal, secretId: string): Promise<void> {
    await this.store.change(user, 'secret.destroy', secretId, async (tx) => {
      const [gone] = await tx.query<{ name: string }>(
        'DELETE FROM provider_secrets WHERE organization_id = $1 AND id = $2 RETURNING name',
        [user.organizationId, secretId],
      );
      if (!gone) throw notFound('secret');
      return gone;
    });
  }

  /** A reference is read once now, so that a mistyped one is noticed by whoever types it. */
  private async valuesOf(
    user: UserPrincipal,
    body: Pick<InputOf<typeof rotateSecret>['body'], 'fields' | 'references'>,
    header: HeaderForm | null,
  ): Promise<SecretValues> {
    const { fields = {}, references = {} } = body;
    refuseHeader(header, [...Object.keys(fields), ...Object.keys(references)]);
    const values = secretValues(fields, references);
    if (Object.keys(references).length === 0) return values;
    // What the server can read is everybody's who uses it; one organization must not reach for another's.
    if (!user.permissions.has('vault:operate')) {
      throw new AppError(
        'FORBIDDEN',
        'Only an operator of this installation may store references: they are read with the rights of the server.',
      );
    }
    await this.references.resolve(values);
    return values;
  }
}

function headerOf(secret: BoundTerms): HeaderForm | null {
  const { headerName: name, headerValue: value } = secret;
  return name === null || value === null ? null : { name, value };
}

function refuseHeader(header: HeaderForm | null, fields: readonly string[]): void {
  const problem = header === null ? undefined : headerProblem(header, fields);
  if (problem !== undefined) throw invalid(problem);
}

/** Calls to a model must not become free by a setting of a secret. */
function refuseUnmeteredProvider(
  metered: boolean,
  provider: string,
  hosts: readonly string[],
): void {
  if (metered) return;
  const host = hosts.find(isProviderHost);
  if (host === undefined && !knownProvider(provider)) return;
  throw invalid(
    `Requests to ${host ?? provider} cost money and must be metered. Leave "metered" as it is, or give a provider id of your own and hosts that serve no models.`,
  );
}

function invalid(message: string): AppError {
  return new AppError('VALIDATION_FAILED', message);
}
