import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError, notFound } from '../kernel/errors.js';
import { showMoney } from '../kernel/money.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf } from '../kernel/route.js';
import { UnitOfWork } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { ProjectStore } from './data/project-store.js';
import { ProjectAccounts } from './project-accounts.js';
import { ProjectsService } from './projects.service.js';
import type { archiveProject } from './teams.contract.js';

/** Ends a project for good; what happened in it stays readable. */
@Injectable()
export class ProjectArchive {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectStore,
    private readonly accounts: ProjectAccounts,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
    private readonly views: ProjectsService,
  ) {}

  /**
   * Refused while agents hold money, because nobody but them knows what of it is spent already.
   *
   * @throws {AppError} LEASES_OPEN with how much is held, and until when at most
   */
  async archive(user: UserPrincipal, projectId: string): Promise<AnswerOf<typeof archiveProject>> {
    const { organizationId } = user;
    const project = await this.unitOfWork.run(organizationId, async (tx) => {
      // Under the lock that every grant takes: none can slip in between the look and the change.
      await this.accounts.lock(tx, organizationId, projectId);
      const before = await this.projects.lock(tx, organizationId, projectId);
      if (!before) throw notFound('project');
      if (before.state === 'archived') return before;
      const { open, held } = await this.accounts.openLeases(tx, organizationId, projectId);
      if (open > 0) {
        throw new AppError(
          'LEASES_OPEN',
          `Agents of project "${before.name}" still hold ${showMoney(held)} in ${open} ${open === 1 ? 'lease' : 'leases'}. Pause the project and wait until they have reported, or stop its agents; then archive it.`,
          { details: { openLeases: open } },
        );
      }
      const after = { state: 'archived', pauseReason: null } as const;
      await this.projects.setState(tx, { organizationId, id: projectId }, after);
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'project.archive',
        target: `project:${projectId}`,
        details: { name: before.name },
      });
      return { ...before, ...after };
    });
    this.signals.publish({ organizationId, topic: 'projects' });
    return this.views.view(organizationId, project);
  }
}
