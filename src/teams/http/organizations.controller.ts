import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { MemberChanges } from '../member-changes.service.js';
import { MembersService } from '../members.service.js';
import { OrganizationsService } from '../organizations.service.js';
import { OwnPassword } from '../own-password.service.js';
import { changePassword } from '../sign-in.contract.js';
import {
  addMember,
  createOrganization,
  listMembers,
  listOrganizations,
  removeMember,
  updateMember,
  updateOrganization,
} from '../teams.contract.js';

@Controller()
export class OrganizationsController {
  constructor(
    private readonly organizations: OrganizationsService,
    private readonly members: MembersService,
    private readonly changes: MemberChanges,
    private readonly password: OwnPassword,
  ) {}

  @Handles(listOrganizations)
  list(@Caller('user') user: UserPrincipal): Promise<AnswerOf<typeof listOrganizations>> {
    return this.organizations.listOwn(user.userId);
  }

  @Handles(createOrganization)
  create(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof createOrganization>,
  ): Promise<AnswerOf<typeof createOrganization>> {
    return this.organizations.create(user, input.body);
  }

  @Handles(updateOrganization)
  update(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof updateOrganization>,
  ): Promise<AnswerOf<typeof updateOrganization>> {
    return this.organizations.update(user, input.body);
  }

  @Handles(listMembers)
  listMembers(@Caller('user') user: UserPrincipal): Promise<AnswerOf<typeof listMembers>> {
    return this.members.list(user.organizationId);
  }

  @Handles(addMember)
  addMember(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof addMember>,
  ): Promise<AnswerOf<typeof addMember>> {
    return this.members.add(user, input.body);
  }

  @Handles(updateMember)
  updateMember(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof updateMember>,
  ): Promise<AnswerOf<typeof updateMember>> {
    return this.changes.update(user, input);
  }

  @Handles(removeMember)
  async removeMember(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof removeMember>,
  ): Promise<void> {
    await this.changes.remove(user, input.params.userId);
  }

  @Handles(changePassword)
  async changePassword(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof changePassword>,
  ): Promise<void> {
    await this.password.change(user, input.body);
  }
}
