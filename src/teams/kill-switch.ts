import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { notFound } from '../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf } from '../kernel/route.js';
import { UnitOfWork } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { ProjectStore } from './data/project-store.js';
import { refuseArchived } from './domain/project.js';
import { ProjectAccounts } from './project-accounts.js';
import { ProjectsService } from './projects.service.js';
import type { pauseProject, resumeProject } from './teams.contract.js';

/** Stops a project and lets it run again. Both may be pressed twice. */
@Injectable()
export class KillSwitch {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectStore,
    private readonly accounts: ProjectAccounts,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
    private readonly views: ProjectsService,
  ) {}

  /** When this returns, no grant of the project commits any more. */
  async pause(
    user: UserPrincipal,
    projectId: string,
    reason: string | undefined,
  ): Promise<AnswerOf<typeof pauseProject>> {
    const { organizationId } = user;
    const { project, exposure } = await this.unitOfWork.run(organizationId, async (tx) => {
      // First of all: every grant takes this lock and reads the state after it, so a grant is wholly before or wholly after us.
      await this.accounts.lock(tx, organizationId, projectId);
      const before = await this.projects.lock(tx, organizationId, projectId);
      if (!before) throw notFound('project');
      refuseArchived(before);
      const after = { state: 'paused', pauseReason: reason ?? before.pauseReason } as const;
      await this.projects.setState(tx, { organizationId, id: projectId }, after);
      const open = await this.accounts.exposure(tx, organizationId, projectId);
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'project.pause',
        target: `project:${projectId}`,
        details: { name: before.name, reason: reason ?? null, stillLeased: open.leased },
      });
      return { project: { ...before, ...after }, exposure: open };
    });
    this.signals.publish({ organizationId, topic: 'projects' });
    return {
      project: await this.views.view(organizationId, project),
      stillLeased: exposure.leased,
      leasedUntil: exposure.until,
    };
  }

  async resume(user: UserPrincipal, projectId: string): Promise<AnswerOf<typeof resumeProject>> {
    const { organizationId } = user;
    const project = await this.unitOfWork.run(organizationId, async (tx) => {
      const before = await this.projects.lock(tx, organizationId, projectId);
      if (!before) throw notFound('project');
      refuseArchived(before);
      if (before.state === 'active') return before;
      const after = { state: 'active', pauseReason: null } as const;
      await this.projects.setState(tx, { organizationId, id: projectId }, after);
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'project.resume',
        target: `project:${projectId}`,
        details: { name: before.name },
      });
      return { ...before, ...after };
    });
    this.signals.publish({ organizationId, topic: 'projects' });
    return this.views.view(organizationId, project);
  }
}
