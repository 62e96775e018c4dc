import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { notFound } from '../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf } from '../kernel/route.js';
import { type Tx, UnitOfWork } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { ProjectStore } from './data/project-store.js';
import { type Project, refuseArchived } from './domain/project.js';
import { type Exposure, ProjectAccounts } from './project-accounts.js';
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
      const stopped = await this.pauseIn(
        tx,
        { organizationId, actor: actorOf(user) },
        projectId,
        reason,
      );
      if (!stopped) throw notFound('project');
      return stopped;
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
      const resumed = await this.resumeIn(tx, { organizationId, actor: actorOf(user) }, projectId);
      if (!resumed) throw notFound('project');
      return resumed;
    });
    this.signals.publish({ organizationId, topic: 'projects' });
    return this.views.view(organizationId, project);
  }

  /**
   * As {@link pause}, in a transaction of the caller, who tells the others after the commit.
   *
   * @returns undefined where there is no such project
   */
  async pauseIn(
    tx: Tx,
    { organizationId, actor }: By,
    projectId: string,
    reason: string | undefined,
  ): Promise<{ project: Project; exposure: Exposure } | undefined> {
    // First of all: every grant takes this lock and reads the state after it, so a grant is wholly before or wholly after us.
    await this.accounts.lock(tx, organizationId, projectId);
    const before = await this.projects.lock(tx, organizationId, projectId);
    if (!before) return undefined;
    refuseArchived(before);
    const after = { state: 'paused', pauseReason: reason ?? before.pauseReason } as const;
    await this.projects.setState(tx, { organizationId, id: projectId }, after);
    const exposure = await this.accounts.exposure(tx, organizationId, projectId);
    await this.audit.record(tx, {
      organizationId,
      actor,
      action: 'project.pause',
      target: `project:${projectId}`,
      details: { name: before.name, reason: reason ?? null, stillLeased: exposure.leased },
    });
    return { project: { ...before, ...after }, exposure };
  }

  /** As {@link resume}, in a transaction of the caller, who tells the others after the commit. */
  async resumeIn(
    tx: Tx,
    { organizationId, actor }: By,
    projectId: string,
  ): Promise<Project | undefined> {
    const before = await this.projects.lock(tx, organizationId, projectId);
    if (!before) return undefined;
    refuseArchived(before);
    if (before.state === 'active') return before;
    const after = { state: 'active', pauseReason: null } as const;
    await this.projects.setState(tx, { organizationId, id: projectId }, after);
    await this.audit.record(tx, {
      organizationId,
      actor,
      action: 'project.resume',
      target: `project:${projectId}`,
      details: { name: before.name },
    });
    return { ...before, ...after };
  }
}

interface By {
  readonly organizationId: string;
  /** A person, or the server itself. */
  readonly actor: string;
}
