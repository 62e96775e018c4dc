import { Injectable } from '@nestjs/common';
import { AppError, notFound } from '../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import { UnitOfWork } from '../platform/database/index.js';
import type { SecretView } from './data/secret.rows.js';
import {
  destroyVersionRow,
  liveSessions,
  lockVersion,
  type SecretVersionView,
  versionRows,
} from './data/version.rows.js';
import { SecretStore } from './secret-store.js';

/** What became of a secret over time: which version is handed out, who still holds an earlier one, and what can go. */
@Injectable()
export class SecretVersions {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SecretStore,
  ) {}

  async list(organizationId: string, secretId: string): Promise<SecretVersionView[]> {
    const versions = await versionRows(this.unitOfWork, organizationId, secretId);
    if (!versions) throw notFound('secret');
    return versions;
  }

  async rollBack(user: UserPrincipal, secretId: string, version: number): Promise<SecretView> {
    const { organizationId } = user;
    return this.store.changeTo(user, 'secret.rollback', secretId, async (tx) => {
      const secret = await this.store.lock(tx, organizationId, secretId);
      const row = await lockVersion(tx, organizationId, secretId, version);
      if (!row) throw notFound('version of this secret');
      if (row.destroyed) {
        throw new AppError(
          'CONFLICT',
          `Version ${String(version)} was destroyed. Store the key anew as a new version.`,
        );
      }
      if (version !== secret.currentVersion) {
        await this.store.pointTo(tx, organizationId, secretId, version);
      }
      return { from: secret.currentVersion, to: version };
    });
  }

  /** Again is the same as once. @param force also while a running session holds it: the session keeps its copy */
  async destroy(
    user: UserPrincipal,
    secretId: string,
    version: number,
    force: boolean,
  ): Promise<void> {
    const { organizationId } = user;
    await this.store.change(user, 'secret.version.destroy', secretId, async (tx) => {
      const secret = await this.store.lock(tx, organizationId, secretId);
      const row = await lockVersion(tx, organizationId, secretId, version);
      if (!row) throw notFound('version of this secret');
      if (version === secret.currentVersion) {
        throw new AppError(
          'CONFLICT',
          `Version ${String(version)} is the one that is handed out. Rotate or roll back first, or delete the whole secret.`,
        );
      }
      const live = await liveSessions(tx, organizationId, secretId, version);
      if (live > 0 && !force) throw inUse(version, live);
      if (!row.destroyed) {
        await destroyVersionRow(tx, organizationId, secretId, version, actorOf(user));
      }
      return { version, liveSessions: live };
    });
  }
}

function inUse(version: number, live: number): AppError {
  return new AppError(
    'SECRET_IN_USE',
    `${String(live)} running session(s) still hold version ${String(version)}. They fetch the current one within seconds; wait until none is left, or force it.`,
    { details: { liveSessions: live } },
  );
}
