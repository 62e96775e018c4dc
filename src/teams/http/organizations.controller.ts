import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { MembersService } from '../members.service.js';
import { OrganizationsService } from '../organizations.service.js';
import {
  addMember,
  createOrganization,
  listMembers,
  listOrganizations,
  updateOrganization,
} from '../teams.contract.js';

@Controller()
export class OrganizationsController {
  constructor(
    private readonly organizations: OrganizationsService,
    private readonly members: MembersService,
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
    return this.organizations.create(user, input.body.name);
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
}
