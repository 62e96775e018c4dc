import { setTimeout } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AgentSessions } from '../../auth/index.js';
import { AppError, notFound } from '../../kernel/errors.js';
import { maxNano } from '../../kernel/money.js';
import type { AgentPrincipal } from '../../kernel/principal.js';
import { type Scope, SYSTEM, UnitOfWork } from '../../platform/database/index.js';
import { type EventStream, openEventStream } from '../../platform/http/index.js';
import { Signals, type Topic } from '../../platform/redis/index.js';
import { LOGGER, type Logger } from '../../platform/telemetry/index.js';
import { type PiiPolicy, piiPolicyOf } from '../../kernel/pii-policy.js';
import { sessionState } from '../agent-billing.contract.js';
import { PriceBook } from '../prices/price-book.js';
import { LastStates } from './last-states.js';
import { SessionSecrets } from './session-secrets.js';

type State = z.output<typeof sessionState>;

/** A signal may be lost, the poll is not: this is the most that a pause can take to reach a stream. */
const POLL_MS = 500;
/** Agents wait for five seconds; a database that hangs is given up later than that. */
const ANSWER_LIMIT_MS = 2_000;

const WAKING: ReadonlySet<Topic> = new Set<Topic>(['projects', 'keys', 'secrets']);

interface Watched {
  readonly organizationId: string;
  readonly sessionId: string;
  readonly stream: EventStream;
  last: string;
}

/** Tells running agents whether they may go on: pushed by a stream, asked for by a heartbeat. */
@Injectable()
export class SessionWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly watched = new Map<string, Watched>();
  private readonly lastStates = new LastStates<State>();
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: () => void = () => undefined;
  private looking: Promise<void> | undefined;
  private lookAgain = false;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sessions: AgentSessions,
    private readonly prices: PriceBook,
    private readonly secrets: SessionSecrets,
    private readonly signals: Signals,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.look();
    }, POLL_MS);
    this.timer.unref();
    this.unsubscribe = this.signals.subscribe(({ topic }) => {
      if (WAKING.has(topic)) this.look();
    });
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.unsubscribe();
    for (const { stream } of this.watched.values()) stream.close();
  }

  /** While the database is down, what was known a moment ago is the answer: a heartbeat moves no money and gives no secret. */
  async heartbeat(agent: AgentPrincipal, sessionId: string): Promise<State> {
    const last = this.lastStates.of(agent, sessionId);
    if (last === undefined) return this.beat(agent, sessionId);
    if (agent.unconfirmed) return last;
    try {
      const late = setTimeout(ANSWER_LIMIT_MS, undefined, { ref: false });
      return (await Promise.race([this.beat(agent, sessionId), late])) ?? last;
    } catch (error) {
      if (error instanceof AppError && error.code === 'UNAVAILABLE') return last;
      throw error;
    }
  }

  private async beat(agent: AgentPrincipal, sessionId: string): Promise<State> {
    await this.sessions.touch(agent, sessionId);
    return this.state(agent, sessionId);
  }

  async stream(agent: AgentPrincipal, sessionId: string, reply: FastifyReply): Promise<void> {
    const state = await this.state(agent, sessionId);
    if (agent.provenSession !== undefined) await this.sessions.markBound(agent, sessionId);
    const stream = openEventStream(reply, () => {
      if (this.watched.get(sessionId)?.stream === stream) this.watched.delete(sessionId);
    });
    if (!stream) return;
    // One stream a session: a new one replaces the old, which may be a connection that nobody reads any more.
    this.watched.get(sessionId)?.stream.close();
    const entry: Watched = { organizationId: agent.organizationId, sessionId, last: '', stream };
    this.watched.set(sessionId, entry);
    this.tell(entry, state);
  }

  private async state(agent: AgentPrincipal, sessionId: string): Promise<State> {
    const states = await this.read(
      agent.organizationId,
      [agent.organizationId],
      [sessionId],
      agent.keyId,
    );
    const state = states.get(sessionId);
    if (!state) throw notFound('session');
    return state;
  }

  /** At most one look at a time; a signal during one makes another follow. */
  private look(): void {
    if (this.watched.size === 0) return;
    if (this.looking) {
      this.lookAgain = true;
      return;
    }
    this.looking = this.lookOnce().finally(() => {
      this.looking = undefined;
      if (this.lookAgain) {
        this.lookAgain = false;
        this.look();
      }
    });
  }

  private async lookOnce(): Promise<void> {
    const entries = [...this.watched.values()];
    try {
      const states = await this.read(
        SYSTEM,
        entries.map(({ organizationId }) => organizationId),
        entries.map(({ sessionId }) => sessionId),
      );
      for (const entry of entries) {
        const state = states.get(entry.sessionId);
        if (state) this.tell(entry, state);
      }
    } catch (error) {
      this.logger.warn({ err: error }, 'cannot read session states; the next look tries again');
    }
  }

  private tell(entry: Watched, state: State): void {
    // The free balance moves with every lease; it alone is no reason to wake an agent.
    const { available: _available, ...news } = state;
    const text = JSON.stringify(news);
    if (text === entry.last) return;
    entry.last = text;
    entry.stream.send('state', z.encode(sessionState, state));
    if (state.session !== 'active' || state.key === 'revoked') entry.stream.close();
  }

  private async read(
    scope: Scope,
    organizationIds: readonly string[],
    sessionIds: readonly string[],
    keyId?: string,
  ): Promise<Map<string, State>> {
    const rows = await this.unitOfWork.read<StateRow>(scope, STATES, [
      [...new Set(organizationIds)],
      sessionIds,
      keyId ?? null,
    ]);
    const [versions, revisions] = await Promise.all([
      this.prices.versionsFor(rows),
      this.secrets.revisions(rows),
    ]);
    return new Map(
      rows.map((row, index) => {
        const state: State = {
          session: row.session,
          key: row.revoked ? 'revoked' : 'active',
          project: row.state,
          pricesVersion: versions[index] ?? this.prices.version,
          secretsVersion: revisions[index] ?? '',
          available: maxNano(row.available, 0n),
          unbounded: row.unbounded,
          pii: piiPolicyOf(row.pii),
        };
        this.lastStates.note(row, state);
        return [row.id, state];
      }),
    );
  }
}

interface StateRow {
  id: string;
  organizationId: string;
  projectId: string;
  keyId: string;
  environment: string;
  session: State['session'];
  revoked: boolean;
  state: State['project'];
  available: bigint;
  unbounded: State['unbounded'];
  pii: Partial<PiiPolicy>;
}

const STATES = `
  SELECT s.id, s.organization_id AS "organizationId", s.project_id AS "projectId", s.key_id AS "keyId", k.environment,
    CASE WHEN s.killed_by IS NOT NULL THEN 'killed' WHEN s.ended_at IS NOT NULL THEN 'ended' ELSE 'active' END AS session,
    k.revoked_at IS NOT NULL OR k.blocked_at IS NOT NULL OR k.expires_at <= clock_timestamp() AS revoked, p.state, p.unbounded, p.pii,
    CASE WHEN a.overdraft_nano > 0 THEN 0 ELSE a.deposited_nano - a.settled_nano - a.reserved_nano END AS available
  FROM sessions s
  JOIN iron_cage_keys k ON k.organization_id = s.organization_id AND k.id = s.key_id
  JOIN projects p ON p.organization_id = s.organization_id AND p.id = s.project_id
  JOIN accounts a ON a.organization_id = s.organization_id AND a.project_id = s.project_id
  WHERE s.organization_id = ANY($1::uuid[]) AND s.id = ANY($2::uuid[]) AND ($3::text IS NULL OR s.key_id = $3)`;
