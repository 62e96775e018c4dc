import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AccessEpochs, Logins } from '../auth/index.js';
import { notFound } from '../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { type Tx, UnitOfWork } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { type MemberRow, PeopleStore } from './data/people-store.js';
import { type NextMembership, refuseChange } from './domain/membership.js';
import type { updateMember } from './teams.contract.js';

type MemberView = AnswerOf<typeof updateMember>;

/** Changes what members are. Everything counts at once: for their next request, and on every replica. */
@Injectable()
export class MemberChanges {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly people: PeopleStore,
    private readonly logins: Logins,
    private readonly epochs: AccessEpochs,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
  ) {}

  async update(
    user: UserPrincipal,
    { params: { userId }, body }: InputOf<typeof updateMember>,
  ): Promise<MemberView> {
    const { organizationId } = user;
    const member = await this.unitOfWork.run(organizationId, async (tx) => {
      const before = await this.judged(tx, user, userId, (member) => ({
        role: body.role ?? member.role,
        disabled: body.disabled ?? member.state === 'disabled',
      }));
      await this.people.updateMember(tx, { organizationId, userId }, body);
      if (body.disabled === true) await this.logins.endIn(tx, organizationId, userId);
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'member.update',
        target: `user:${userId}`,
        details: {
          email: before.email,
          before: { role: before.role, state: before.state },
          change: body,
        },
      });
      await this.epochs.bump(tx, organizationId);
      return this.people.member(tx, organizationId, userId);
    });
    if (!member) throw new Error('a member was changed and is not there');
    this.tell(organizationId);
    return member;
  }

  /** The person stays a user of the installation, and a member of other organizations. */
  async remove(user: UserPrincipal, userId: string): Promise<void> {
    const { organizationId } = user;
    await this.unitOfWork.run(organizationId, async (tx) => {
      const before = await this.judged(tx, user, userId, () => null);
      await this.logins.endIn(tx, organizationId, userId);
      await this.people.removeMember(tx, { organizationId, userId });
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'member.remove',
        target: `user:${userId}`,
        details: { email: before.email, role: before.role },
      });
      await this.epochs.bump(tx, organizationId);
    });
    this.tell(organizationId);
  }

  /** One change of an organization's members at a time: two owners must not remove each other. */
  private async judged(
    tx: Tx,
    user: UserPrincipal,
    userId: string,
    next: (before: MemberRow) => NextMembership,
  ): Promise<MemberRow> {
    const { organizationId } = user;
    await this.people.lockMembers(tx, organizationId);
    const before = await this.people.member(tx, organizationId, userId);
    if (!before) throw notFound('member');
    const owners = await this.people.actingOwners(tx, organizationId);
    const disabled = before.state === 'disabled';
    refuseChange(user.role, { role: before.role, disabled }, next(before), owners);
    return before;
  }

  private tell(organizationId: string): void {
    this.signals.publish({ organizationId, topic: 'members' });
    this.epochs.announce(organizationId);
  }
}
