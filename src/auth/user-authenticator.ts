import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AppError } from '../kernel/errors.js';
import {
  OPERATOR_PERMISSIONS,
  type Permission,
  type Role,
  ROLE_PERMISSIONS,
} from '../kernel/permissions.js';
import type { UserPrincipal } from '../kernel/principal.js';
import { Signals } from '../platform/redis/index.js';
import { AccessEpochs } from './access-epochs.js';
import { type AccessClaims, AccessTokens } from './access-tokens.js';
import { LoginStore } from './data/login-store.js';
import { type Found, RecentPrincipals } from './domain/recent-principals.js';

/** A changed role, a disabled user and a logout count everywhere after this time, even where the signal was lost. */
const REMEMBER_MS = 2_000;
const CAPACITY = 2_000;

@Injectable()
export class UserAuthenticator implements OnModuleDestroy {
  private readonly recent = new RecentPrincipals<UserPrincipal>({
    lifetimeMs: REMEMBER_MS,
    capacity: CAPACITY,
  });
  private readonly stopListening: () => void;

  constructor(
    private readonly tokens: AccessTokens,
    private readonly logins: LoginStore,
    signals: Signals,
    epochs: AccessEpochs,
  ) {
    const stops = [
      signals.subscribe(({ topic, organizationId }) => {
        if (topic === 'members') this.recent.forget(organizationId);
      }),
      epochs.subscribe((organizationId) => {
        this.recent.forget(organizationId);
      }),
    ];
    this.stopListening = () => {
      for (const stop of stops) stop();
    };
  }

  /** @throws {AppError} TOKEN_INVALID */
  async authenticate(token: string): Promise<UserPrincipal> {
    const claims = await this.tokens.verify(token);
    if (claims !== undefined) {
      // One login is one user in one organization, so its id stands for all three.
      const user = await this.recent.resolve(claims.loginId, () => this.look(claims));
      if (user?.userId === claims.userId && user.organizationId === claims.organizationId) {
        return user;
      }
    }
    throw new AppError(
      'TOKEN_INVALID',
      'This access token is not valid or no longer; refresh it or sign in again.',
    );
  }

  onModuleDestroy(): void {
    this.stopListening();
  }

  private async look(claims: AccessClaims): Promise<Found<UserPrincipal> | undefined> {
    const row = await this.logins.signedIn(claims);
    if (!row) return undefined;
    const { organizationId, userId, loginId } = claims;
    const { email, role, operator, leftMs } = row;
    return {
      principal: {
        kind: 'user',
        organizationId,
        userId,
        loginId,
        email,
        role,
        permissions: permissionsOf(role, operator),
      },
      leftMs,
    };
  }
}

function permissionsOf(role: Role, operator: boolean): ReadonlySet<Permission> {
  return operator
    ? new Set([...ROLE_PERMISSIONS[role], ...OPERATOR_PERMISSIONS])
    : ROLE_PERMISSIONS[role];
}
