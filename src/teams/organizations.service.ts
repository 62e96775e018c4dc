import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { newId } from '../kernel/ids.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import { hashOf, isRepetition } from '../kernel/request-hash.js';
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

  create(
    user: UserPrincipal,
    { id = newId(), name }: InputOf<typeof createOrganization>['body'],
  ): Promise<AnswerOf<typeof createOrganization>> {
    const { userId } = user;
    const founder = { userId, actor: actorOf(user) };
    // Of somebody else the same id is another request.
    const requestHash = hashOf({ userId, name });
    return this.unitOfWork.run(id, async (tx) => {
      const organization =
        (await this.madeAlready(tx, id, requestHash)) ??
        (await this.found(tx, { id, name, requestHash }, founder)) ??
        // The same id came twice at once: the other one has just been committed.
        (await this.madeAlready(tx, id, requestHash));
      if (!organization) throw new Error('an organization was made and is not there');
      return organization;
    });
  }

  /** @throws {AppError} CONFLICT when the id stands for another organization */
  private async madeAlready(
    tx: Tx,
    id: string,
    requestHash: Buffer,
  ): Promise<OrganizationRow | undefined> {
    const before = await this.people.organizationWithHash(tx, id);
    return isRepetition(before, requestHash, 'organization') ? before?.organization : undefined;
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

  /** An organization never exists without an owner. @returns `undefined` where there is one with this id */
  async found(
    tx: Tx,
    wanted: { id: string; name: string; requestHash: Buffer | null },
    founder: { userId: string; actor: string },
  ): Promise<OrganizationRow | undefined> {
    const { userId, actor } = founder;
    const { name } = wanted;
    const organization = await this.people.insertOrganization(tx, wanted);
    if (!organization) return undefined;
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
