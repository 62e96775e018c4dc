import { Inject, Injectable } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import { AuditTrail } from '../audit/index.js';
import { Logins, Passwords } from '../auth/index.js';
import { AppError } from '../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { InputOf } from '../kernel/route.js';
import { SYSTEM, UnitOfWork } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { PeopleStore } from './data/people-store.js';
import type { changePassword } from './sign-in.contract.js';

const ATTEMPTS_PER_MINUTE = 5;

/** A person's own password. A new one ends every other login of that person: one of them may be the reason for it. */
@Injectable()
export class OwnPassword {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly people: PeopleStore,
    private readonly passwords: Passwords,
    private readonly logins: Logins,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
    @Inject(ThrottlerStorage) private readonly limits: ThrottlerStorage,
  ) {}

  /** @throws {AppError} PASSWORD_WRONG for the current one; RATE_LIMITED; CONFLICT when it was changed at the same moment */
  async change(
    user: UserPrincipal,
    { currentPassword, newPassword }: InputOf<typeof changePassword>['body'],
  ): Promise<void> {
    await this.refuseGuessing(user);
    const before = await this.people.passwordHash(user.userId);
    if (!(await this.passwords.matches(currentPassword, before))) {
      throw new AppError(
        'PASSWORD_WRONG',
        'The current password is not right. Nothing was changed.',
      );
    }
    const after = await this.passwords.hash(newPassword);
    const organizations = await this.unitOfWork.run(SYSTEM, async (tx) => {
      const change = { userId: user.userId, before: before ?? '', after };
      if (!(await this.people.replacePassword(tx, change))) {
        throw new AppError(
          'CONFLICT',
          'The password was changed at the same moment. Sign in again.',
        );
      }
      await this.audit.record(tx, {
        organizationId: user.organizationId,
        actor: actorOf(user),
        action: 'password.change',
        target: `user:${user.userId}`,
      });
      return this.logins.endOthers(tx, user.userId, user.loginId);
    });
    for (const organizationId of organizations)
      this.signals.publish({ organizationId, topic: 'members' });
  }

  /** Who holds somebody's access token must not find out the password with it. */
  private async refuseGuessing({ userId }: UserPrincipal): Promise<void> {
    const hit = await this.limits.increment(userId, 60_000, ATTEMPTS_PER_MINUTE, 0, 'own-password');
    if (!hit.isBlocked) return;
    const retryAfterSeconds = Math.max(1, hit.timeToBlockExpire);
    throw new AppError(
      'RATE_LIMITED',
      `Too many attempts; try again in ${retryAfterSeconds} seconds.`,
      { retryAfterSeconds },
    );
  }
}
