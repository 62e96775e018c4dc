import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AccessEpochs } from '../auth/index.js';
import { AppError, notFound } from '../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { type Tx, UnitOfWork } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { KillSwitch, ProjectDirectory } from '../teams/index.js';
import type {
  getAnomalyPolicy,
  listAnomalies,
  releaseAnomaly,
  setAnomalyPolicy,
} from './anomalies.contract.js';
import { AnomalyStore, type AnomalyView } from './data/anomaly-store.js';
import { PlaceStore } from './data/place-store.js';
import { AnomalyPolicyStore } from './data/policy-store.js';

const PAGE_SIZE = 50;
const MOST_GROUPS = 20;

/** What people do about anomalies: look at them, release them, say what shall happen. */
@Injectable()
export class Anomalies {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly anomalies: AnomalyStore,
    private readonly policies: AnomalyPolicyStore,
    private readonly places: PlaceStore,
    private readonly projects: ProjectDirectory,
    private readonly killSwitch: KillSwitch,
    private readonly epochs: AccessEpochs,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
  ) {}

  async list(
    organizationId: string,
    query: InputOf<typeof listAnomalies>['query'],
  ): Promise<AnswerOf<typeof listAnomalies>> {
    const limit = query.limit ?? PAGE_SIZE;
    const rows = await this.anomalies.page(organizationId, {
      ...(query.projectId !== undefined && { projectId: query.projectId }),
      ...(query.cursor !== undefined && { before: query.cursor }),
      open: query.open ?? false,
      limit: limit + 1,
    });
    const items = rows.slice(0, limit);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** Undoes what was done, and nothing else: a project that somebody paused stays paused. Releasing twice is the same as once. */
  async release(
    user: UserPrincipal,
    { params: { anomalyId }, body }: InputOf<typeof releaseAnomaly>,
  ): Promise<AnomalyView> {
    const { organizationId } = user;
    if (body.sameNetwork === true && !user.permissions.has('project:write')) {
      throw new AppError(
        'FORBIDDEN',
        `Your role (${user.role}) may release a key, but not change what counts as one network; ask an owner or admin.`,
      );
    }
    const released = await this.unitOfWork.run(organizationId, async (tx) => {
      const anomaly = await this.anomalies.lock(tx, organizationId, anomalyId);
      if (!anomaly) throw notFound('anomaly');
      if (anomaly.releasedAt === null)
        await this.undo(tx, user, anomaly, body.sameNetwork === true);
      const after = await this.anomalies.lock(tx, organizationId, anomalyId);
      if (!after) throw new Error('an anomaly was released and is not there');
      return after;
    });
    this.epochs.announce(organizationId);
    this.signals.publish({ organizationId, topic: 'projects' });
    return released;
  }

  async policy(
    organizationId: string,
    projectId: string,
  ): Promise<AnswerOf<typeof getAnomalyPolicy>> {
    if (!(await this.projects.get(organizationId, projectId))) throw notFound('project');
    return this.policies.get(organizationId, projectId);
  }

  async setPolicy(
    user: UserPrincipal,
    { params: { projectId }, body }: InputOf<typeof setAnomalyPolicy>,
  ): Promise<AnswerOf<typeof setAnomalyPolicy>> {
    const { organizationId } = user;
    await this.unitOfWork.run(organizationId, async (tx) => {
      if (!(await this.projects.get(organizationId, projectId, tx))) throw notFound('project');
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'project.anomaly-policy',
        target: `project:${projectId}`,
        details: { before: await this.policies.get(organizationId, projectId, tx), after: body },
      });
      await this.policies.set(tx, organizationId, projectId, body);
    });
    this.signals.publish({ organizationId, topic: 'projects' });
    return body;
  }

  private async undo(
    tx: Tx,
    user: UserPrincipal,
    anomaly: AnomalyView,
    sameNetwork: boolean,
  ): Promise<void> {
    const { organizationId } = user;
    const { id, projectId, keyId, kind, summary } = anomaly;
    const actor = actorOf(user);
    await this.anomalies.release(tx, organizationId, id, actor);
    if (sameNetwork) await this.group(tx, organizationId, anomaly);
    if (anomaly.action === 'pause') {
      const project = await this.projects.get(organizationId, projectId, tx);
      if (project?.state === 'paused' && project.pauseReason === summary)
        await this.killSwitch.resumeIn(tx, { organizationId, actor }, projectId);
    }
    // What was seen before counts no more: else the next use would raise it again.
    await this.places.forget(tx, organizationId, keyId);
    const unblocked = await this.anomalies.unblock(tx, organizationId, keyId);
    await this.audit.record(tx, {
      organizationId,
      actor,
      action: 'key.release',
      target: `key:${keyId}`,
      details: { anomalyId: id, kind, sameNetwork, unblocked },
    });
    // Somewhere the block may be remembered.
    if (unblocked) await this.epochs.bump(tx, organizationId);
  }

  private async group(tx: Tx, organizationId: string, anomaly: AnomalyView): Promise<void> {
    const policy = await this.policies.get(organizationId, anomaly.projectId, tx);
    const ranges = anomaly.evidence.addresses.map(({ ip }) => ip);
    if (ranges.length === 0) return;
    if (policy.groups.length >= MOST_GROUPS) {
      throw new AppError(
        'CONFLICT',
        `The project has ${MOST_GROUPS} groups of addresses, the most there can be. Merge some in its policy, then release again.`,
      );
    }
    const group = { name: `Same as key ${anomaly.keyName}`.slice(0, 80), ranges };
    await this.policies.set(tx, organizationId, anomaly.projectId, {
      ...policy,
      groups: [...policy.groups, group],
    });
  }
}
