import { Inject, Injectable } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import { AgentSessions, SessionProofs } from '../auth/index.js';
import { AppError, notFound } from '../kernel/errors.js';
import type { AgentPrincipal } from '../kernel/principal.js';
import { whyStopped } from '../kernel/stopped-project.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { type Tx, UnitOfWork } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { ProjectAccounts, ProjectDirectory } from '../teams/index.js';
import {
  type FailedSecret,
  isFailed,
  type OpenedSecret,
  SecretDelivery,
} from './delivery.service.js';
import { References } from './references.js';
import { SecretFailures } from './secret-failures.js';
import { sealToSession } from './session-seal.js';
import { SessionTerms } from './session-terms.js';
import type { startSession } from './vault.contract.js';

const PROTOCOL = 1;
const HEARTBEAT_SECONDS = 10;
const STARTS_PER_MINUTE = 300;

/** The first thing that an agent asks for. Key and address were checked by the guard; here the project's policy decides. */
@Injectable()
export class Bootstrap {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectDirectory,
    private readonly accounts: ProjectAccounts,
    private readonly sessions: AgentSessions,
    private readonly proofs: SessionProofs,
    private readonly delivery: SecretDelivery,
    private readonly references: References,
    private readonly terms: SessionTerms,
    private readonly failures: SecretFailures,
    private readonly signals: Signals,
    @Inject(ThrottlerStorage) private readonly limits: ThrottlerStorage,
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
    await this.refuseFlood(agent);
    // A key that nothing can be sealed to is refused before anything is written; sealing itself waits for the commit.
    await sealToSession(body.publicKey, body.nonce, '', {});
    const { project, sessionId, opened } = await this.unitOfWork
      .run(agent.organizationId, (tx) => this.admit(tx, agent, ip, body))
      .catch((error: unknown) => this.refuse(agent, error));
    const plain = await this.complete(agent, sessionId, opened.secrets);
    const secrets = await sealToSession(body.publicKey, body.nonce, sessionId, {
      secrets: plain,
      proof: this.proofs.issue(agent, sessionId),
    });
    const metered = opened.secrets.filter((secret) => secret.metered);
    const providers = [...new Set(metered.map(({ provider }) => provider))];
    this.signals.publish({ organizationId: agent.organizationId, topic: 'projects' });
    return {
      sessionId,
      organization: { id: agent.organizationId, name: project.organizationName },
      project: { id: project.id, name: project.name, state: project.state },
      secrets,
      secretsVersion: opened.revision,
      policy: {
        trancheSize: project.policy.trancheSize,
        reportIntervalSeconds: project.policy.reportIntervalSeconds,
        heartbeatSeconds: HEARTBEAT_SECONDS,
        models: [...agent.models],
        mode: project.policy.mode,
        unbounded: project.policy.unbounded,
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
    const stopped = whyStopped(project);
    if (stopped) throw new AppError(stopped.code, stopped.message);
    const sessionId = await this.sessions.start(tx, agent, {
      ip,
      agent: body.agent,
      replaces: body.replaces,
    });
    const opened = await this.delivery.open(tx, agent, project.name, sessionId);
    if (opened.secrets.every(isFailed)) throw new NothingOpened(opened.secrets);
    return { project, sessionId, opened };
  }

  /**
   * Reads what is kept elsewhere; after the commit, because it may take its time. What cannot be read is named, and keeps nobody from the
   * rest; a session without any of its secrets ends at once.
   */
  private async complete(
    agent: AgentPrincipal,
    sessionId: string,
    opened: readonly (OpenedSecret | FailedSecret)[],
  ): Promise<object[]> {
    try {
      const read = await Promise.all(opened.map((secret) => this.read(secret)));
      const failed = read.flatMap(({ failed: one }) => one ?? []);
      await this.failures.note(agent, sessionId, failed, opened);
      const [first] = failed;
      if (first && failed.length === opened.length) throw first.failure;
      return read.map(({ wire }) => wire);
    } catch (error) {
      await this.sessions.end(agent, sessionId);
      throw error;
    }
  }

  private async read(
    secret: OpenedSecret | FailedSecret,
  ): Promise<{ wire: object; failed?: FailedSecret }> {
    if (isFailed(secret)) return { wire: wireOfFailed(secret), failed: secret };
    const { values, hadProblem: _, ...terms } = secret;
    try {
      return { wire: { ...terms, fields: await this.references.resolve(values) } };
    } catch (failure) {
      if (!(failure instanceof AppError)) throw failure;
      const failed = { ...secret, failure, variables: Object.keys(values) };
      return { wire: wireOfFailed(failed), failed };
    }
  }

  /** The transaction is gone, and its audit rows with it; that somebody tampered with a secret must not go unnoticed. */
  private async refuse(agent: AgentPrincipal, error: unknown): Promise<never> {
    if (!(error instanceof NothingOpened)) throw error;
    await this.failures.note(agent, undefined, error.failed, error.failed);
    throw error.failed[0]?.failure ?? error;
  }

  /** Every start writes a session and an audit row for each secret; a key in a crash loop must not fill the disk. */
  private async refuseFlood(agent: AgentPrincipal): Promise<void> {
    const hit = await this.limits.increment(
      `${agent.organizationId}/${agent.keyId}`,
      60_000,
      STARTS_PER_MINUTE,
      0,
      'sdk-session',
    );
    if (!hit.isBlocked) return;
    const retryAfterSeconds = Math.max(1, hit.timeToBlockExpire);
    throw new AppError(
      'RATE_LIMITED',
      `This key started ${STARTS_PER_MINUTE} sessions within a minute. Wait ${retryAfterSeconds} seconds; one session serves a whole process.`,
      { retryAfterSeconds },
    );
  }

  async end(agent: AgentPrincipal, sessionId: string): Promise<void> {
    await this.sessions.end(agent, sessionId);
    this.signals.publish({ organizationId: agent.organizationId, topic: 'projects' });
  }
}

class NothingOpened extends Error {
  constructor(readonly failed: readonly FailedSecret[]) {
    super('none of the secrets opens');
  }
}

/** An agent that calls this provider all the same can say why it may not; without values there is nothing to send. */
function wireOfFailed(secret: FailedSecret): object {
  const { id, name, provider, version, hosts, paths, header, metered } = secret;
  const { failure, variables } = secret;
  const unavailable = { code: failure.code, message: failure.message, variables };
  return { id, name, provider, version, hosts, paths, header, metered, fields: {}, unavailable };
}
