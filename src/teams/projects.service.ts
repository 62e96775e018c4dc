import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError, notFound } from '../kernel/errors.js';
import { isUuid, newId } from '../kernel/ids.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { type Tx, UnitOfWork, violatedConstraint } from '../platform/database/index.js';
import { AccessEpochs } from '../auth/index.js';
import { Signals } from '../platform/redis/index.js';
import { ProjectStore } from './data/project-store.js';
import type { Project } from './domain/project.js';
import { refuseBadPatterns } from './pii-patterns.js';
import { ProjectAccounts } from './project-accounts.js';
import type { createProject, getProject, listProjects, updateProject } from './teams.contract.js';

type ProjectView = AnswerOf<typeof getProject>;

const PAGE_SIZE = 50;
const NAME_INDEX = 'projects_name_unique';

@Injectable()
export class ProjectsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectStore,
    private readonly accounts: ProjectAccounts,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
    private readonly epochs: AccessEpochs,
  ) {}

  async list(
    organizationId: string,
    query: InputOf<typeof listProjects>['query'],
  ): Promise<AnswerOf<typeof listProjects>> {
    const { cursor, search, limit = PAGE_SIZE } = query;
    if (cursor !== undefined && !isUuid(cursor)) {
      throw new AppError('VALIDATION_FAILED', 'The cursor is not one of ours; start without it.');
    }
    const filter = { search, after: cursor, limit: limit + 1 };
    const rows = await this.projects.page(organizationId, filter);
    const items = await this.views(organizationId, rows.slice(0, limit));
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async get(organizationId: string, projectId: string): Promise<ProjectView> {
    const project = await this.projects.find(organizationId, projectId);
    if (!project) throw notFound('project');
    return this.view(organizationId, project);
  }

  async create(
    user: UserPrincipal,
    { name, policy }: InputOf<typeof createProject>['body'],
  ): Promise<ProjectView> {
    refuseBadPatterns(policy?.pii?.patterns);
    const { organizationId } = user;
    const id = newId();
    const project = await this.change(organizationId, async (tx) => {
      await this.projects.insert(tx, { organizationId, id, name });
      if (policy) await this.projects.update(tx, { organizationId, id }, { policy });
      await this.accounts.open(tx, organizationId, id);
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'project.create',
        target: `project:${id}`,
        details: { name, ...(policy && { policy }) },
      });
      return this.projects.find(organizationId, id, tx);
    });
    return this.view(organizationId, project);
  }

  async update(
    user: UserPrincipal,
    { params, body }: InputOf<typeof updateProject>,
  ): Promise<ProjectView> {
    refuseBadPatterns(body.policy?.pii?.patterns);
    const { organizationId } = user;
    const id = params.projectId;
    const project = await this.change(organizationId, async (tx) => {
      const before = await this.projects.lock(tx, organizationId, id);
      if (!before) return undefined;
      await this.projects.update(tx, { organizationId, id }, body);
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'project.update',
        target: `project:${id}`,
        details: { before: { name: before.name, policy: before.policy }, change: body },
      });
      if (concernsKeys(body)) await this.epochs.bump(tx, organizationId);
      return this.projects.find(organizationId, id, tx);
    });
    if (concernsKeys(body)) this.epochs.announce(organizationId);
    return this.view(organizationId, project);
  }

  async view(organizationId: string, project: Project): Promise<ProjectView> {
    const [view] = await this.views(organizationId, [project]);
    if (!view) throw new Error('one project gives one view');
    return view;
  }

  private async views(organizationId: string, projects: Project[]): Promise<ProjectView[]> {
    if (projects.length === 0) return [];
    const ids = projects.map(({ id }) => id);
    const [balances, agents] = await Promise.all([
      this.accounts.balances(organizationId, ids),
      this.projects.activeAgents(organizationId, ids),
    ]);
    return projects.map((project) => {
      const balance = balances.get(project.id);
      if (!balance) throw new Error(`project ${project.id} has no account`);
      return { ...project, balance, activeAgents: agents.get(project.id) ?? 0 };
    });
  }

  /** Runs a change and tells everybody; two projects of one name are refused, whichever way they come about. */
  private async change(
    organizationId: string,
    work: (tx: Tx) => Promise<Project | undefined>,
  ): Promise<Project> {
    try {
      const project = await this.unitOfWork.run(organizationId, work);
      if (!project) throw notFound('project');
      this.signals.publish({ organizationId, topic: 'projects' });
      return project;
    } catch (error) {
      if (violatedConstraint(error) !== NAME_INDEX) throw error;
      throw new AppError(
        'NAME_TAKEN',
        'A project of this name exists already; choose another name.',
      );
    }
  }
}

/** Which keys may run here, and what they must prove, is remembered with the keys. */
function concernsKeys({ policy }: InputOf<typeof updateProject>['body']): boolean {
  return policy?.environment !== undefined || policy?.senderBinding !== undefined;
}
