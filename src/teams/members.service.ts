import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { Passwords } from '../auth/index.js';
import { AppError } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { UnitOfWork } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { PeopleStore } from './data/people-store.js';
import type { addMember, listMembers } from './teams.contract.js';

@Injectable()
export class MembersService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly people: PeopleStore,
    private readonly passwords: Passwords,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
  ) {}

  async list(organizationId: string): Promise<AnswerOf<typeof listMembers>> {
    return { items: await this.people.members(organizationId) };
  }

  /** A user who is in this installation already keeps name and password: an admin must not take over another organization's people. */
  async add(
    user: UserPrincipal,
    { email, name, role, password }: InputOf<typeof addMember>['body'],
  ): Promise<AnswerOf<typeof addMember>> {
    const { organizationId } = user;
    // Before the transaction because it is slow, and whether it is needed or not, so that its time tells nothing.
    const passwordHash = await this.passwords.hash(password);
    const member = await this.unitOfWork.run(organizationId, async (tx) => {
      const account = { id: newId(), email, name, passwordHash, operator: false };
      const { id: userId, created } = await this.people.insertOrFindUser(tx, account);
      if (!(await this.people.insertMember(tx, { organizationId, userId, role }))) {
        throw new AppError('EMAIL_TAKEN', 'Somebody with this address is a member already.');
      }
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'member.add',
        target: `user:${userId}`,
        details: { email, role, newUser: created },
      });
      return this.people.member(tx, organizationId, userId);
    });
    if (!member) throw new Error('a member was added and is not there');
    this.signals.publish({ organizationId, topic: 'members' });
    return member;
  }
}
