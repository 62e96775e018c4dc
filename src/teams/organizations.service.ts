import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { newId } from '../kernel/ids.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { type Tx, UnitOfWork } from '../platform/database/index.js';
import { type OrganizationRow, PeopleStore } from './data/people-store.js';
import type {
  createOrganization,
  listOrganizations,
  updateOrganization,
} from './teams.contract.js';

@Injectable()
export class OrganizationsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly people: PeopleStore,
    private readonly audit: AuditTrail,
  ) {}

  async listOwn(userId: string): Promise<AnswerOf<typeof listOrganizations>> {
    return { items: await this.people.organizationsOf(userId) };
  }

  create(user: UserPrincipal, name: string): Promise<AnswerOf<typeof createOrganization>> {
    const founder = { userId: user.userId, actor: actorOf(user) };
    const id = newId();
    return this.unitOfWork.run(id, (tx) => this.found(tx, { id, name }, founder));
  }

  update(
    user: UserPrincipal,
    change: InputOf<typeof updateOrganization>['body'],
  ): Promise<AnswerOf<typeof updateOrganization>> {
    const { organizationId } = user;
    return this.unitOfWork.run(organizationId, async (tx) => {
      const organization = await this.people.updateOrganization(tx, organizationId, change);
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'organization.update',
        target: `organization:${organizationId}`,
        details: change,
      });
      return organization;
    });
  }

  /** An organization never exists without an owner. */
  async found(
    tx: Tx,
    { id, name }: { id: string; name: string },
    founder: { userId: string; actor: string },
  ): Promise<OrganizationRow> {
    const { userId, actor } = founder;
    const organization = await this.people.insertOrganization(tx, { id, name });
    const organizationId = organization.id;
    await this.people.insertMember(tx, { organizationId, userId, role: 'owner' });
    await this.audit.record(tx, {
      organizationId,
      actor,
      action: 'organization.create',
      target: `organization:${organizationId}`,
      details: { name },
    });
    return organization;
  }
}
