import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { KillSwitch } from '../kill-switch.js';
import { ProjectArchive } from '../project-archive.js';
import { ProjectsService } from '../projects.service.js';
import {
  archiveProject,
  createProject,
  getProject,
  listProjects,
  pauseProject,
  resumeProject,
  updateProject,
} from '../teams.contract.js';

@Controller()
export class ProjectsController {
  constructor(
    private readonly projects: ProjectsService,
    private readonly killSwitch: KillSwitch,
    private readonly archives: ProjectArchive,
  ) {}

  @Handles(listProjects)
  list(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listProjects>,
  ): Promise<AnswerOf<typeof listProjects>> {
    return this.projects.list(user.organizationId, input.query);
  }

  @Handles(getProject)
  get(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof getProject>,
  ): Promise<AnswerOf<typeof getProject>> {
    return this.projects.get(user.organizationId, input.params.projectId);
  }

  @Handles(createProject)
  create(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof createProject>,
  ): Promise<AnswerOf<typeof createProject>> {
    return this.projects.create(user, input.body);
  }

  @Handles(updateProject)
  update(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof updateProject>,
  ): Promise<AnswerOf<typeof updateProject>> {
    return this.projects.update(user, input);
  }

  @Handles(pauseProject)
  pause(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof pauseProject>,
  ): Promise<AnswerOf<typeof pauseProject>> {
    return this.killSwitch.pause(user, input.params.projectId, input.body.reason);
  }

  @Handles(resumeProject)
  resume(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof resumeProject>,
  ): Promise<AnswerOf<typeof resumeProject>> {
    return this.killSwitch.resume(user, input.params.projectId);
  }

  @Handles(archiveProject)
  archive(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof archiveProject>,
  ): Promise<AnswerOf<typeof archiveProject>> {
    return this.archives.archive(user, input.params.projectId);
  }
}
