import { Injectable } from '@nestjs/common';
import { AgentSessions } from '../auth/index.js';
import { AppError, notFound } from '../kernel/errors.js';
import type { AgentPrincipal } from '../kernel/principal.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { type Tx, UnitOfWork } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { ProjectAccounts, ProjectDirectory, type ProjectRecord } from '../teams/index.js';
import { SecretDelivery } from './delivery.service.js';
import { SessionTerms } from './session-terms.js';
import type { startSession } from './vault.contract.js';

const PROTOCOL = 1;
const HEARTBEAT_SECONDS = 10;

/** The first thing that an agent asks for. Key and address were checked by the guard; here the project's policy decides. */
@Injectable()
export class Bootstrap {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectDirectory,
    private readonly accounts: ProjectAccounts,
    private readonly sessions: AgentSessions,
    private readonly delivery: SecretDelivery,
    private readonly terms: SessionTerms,
    private readonly signals: Signals,
  ) {}

  async start(
    agent: AgentPrincipal,
    ip: string,
    body: InputOf<typeof startSession>['body'],
  ): Promise<AnswerOf<typeof startSession>> {
    if (body.protocol !== PROTOCOL) {
      throw new AppError(
        'PROTOCOL_UNSUPPORTED',
        `This server speaks protocol ${PROTOCOL}, the SDK asked for ${body.protocol}. Update the older of the two.`,
      );
    }
    const { project, sessionId, secrets, providers } = await this.unitOfWork.run((tx) =>
      this.admit(tx, agent, ip, body),
    );
    this.signals.publish({ organizationId: agent.organizationId, topic: 'projects' });
    return {
      sessionId,
      organization: { id: agent.organizationId, name: project.organizationName },
      project: { id: project.id, name: project.name, state: project.state },
      secrets,
      policy: {
        trancheSize: project.policy.trancheSize,
        reportIntervalSeconds: project.policy.reportIntervalSeconds,
        heartbeatSeconds: HEARTBEAT_SECONDS,
        pii: project.policy.pii,
      },
      prices: await this.terms.prices(agent, providers),
    };
  }

  /** Under the account's lock, which a pause takes too: after it is acknowledged no session gets a secret. */
  private async admit(
    tx: Tx,
    agent: AgentPrincipal,
    ip: string,
    body: InputOf<typeof startSession>['body'],
  ) {
    await this.accounts.lock(tx, agent.organizationId, agent.projectId);
    const project = await this.projects.get(agent.organizationId, agent.projectId, tx);
    if (!project) throw notFound('project');
    refuseStopped(project);
    const sessionId = await this.sessions.start(tx, agent, { ip, agent: body.agent });
    const opened = await this.delivery.open(tx, agent, project.name, sessionId);
    const secrets = await this.delivery.sealTo(body.publicKey, body.nonce, sessionId, opened);
    return {
      project,
      sessionId,
      secrets,
      providers: [...new Set(opened.map(({ provider }) => provider))],
    };
  }

  async end(agent: AgentPrincipal, sessionId: string): Promise<void> {
    await this.sessions.end(agent, sessionId);
    this.signals.publish({ organizationId: agent.organizationId, topic: 'projects' });
  }
}

function refuseStopped(project: ProjectRecord): void {
  if (project.state === 'paused') {
    const why = project.pauseReason === null ? '' : ` (${project.pauseReason})`;
    throw new AppError(
      'PROJECT_PAUSED',
      `Project "${project.name}" is paused${why}. Somebody with access to the dashboard can resume it.`,
    );
  }
  if (project.state === 'archived') {
    throw new AppError(
      'PROJECT_ARCHIVED',
      `Project "${project.name}" is archived; use a key of another project.`,
    );
  }
}
