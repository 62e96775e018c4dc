import { Injectable } from '@nestjs/common';
import { AppError, notFound } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import type { AgentPrincipal } from '../kernel/principal.js';
import type { Tx } from '../platform/database/index.js';
import { AgentUses } from './agent-uses.js';
import { SessionStore } from './data/session-store.js';
import { proofOfOtherSession } from './domain/proof-refusals.js';

/** As long as the list of sessions calls it active. */
const SILENT_SECONDS = 60;

/** Running agent processes. A session belongs to the key that started it; no other key sees it. */
@Injectable()
export class AgentSessions {
  constructor(
    private readonly sessions: SessionStore,
    private readonly uses: AgentUses,
  ) {}

  /**
   * Under the lock of the project's account, as {@link kill}: whichever comes first, a process that was stopped has no session after both.
   *
   * @param facts `replaces`: the session that the same process held until now, if any
   * @returns the new session's id
   * @throws {AppError} SESSION_KILLED when somebody stopped the process
   */
  async start(
    tx: Tx,
    agent: AgentPrincipal,
    facts: { ip: string; agent: Record<string, unknown>; replaces: string | undefined },
  ): Promise<string> {
    const id = newId();
    const { replaces, ...rest } = facts;
    // One that is not there, or not this key's, is nobody's: the new one is a process of its own.
    const process =
      replaces === undefined ? undefined : await this.sessions.processOf(tx, agent, replaces);
    if (process?.killed) {
      throw new AppError(
        'SESSION_KILLED',
        'Somebody stopped this session. Its process gets no other one; a new process may start.',
      );
    }
    await this.sessions.insert(tx, agent, { id, ...rest, processId: process?.id });
    return id;
  }

  /** Ending twice is the same as once. */
  async end(agent: AgentPrincipal, sessionId: string): Promise<void> {
    if (!(await this.sessions.end(agent, sessionId))) throw notFound('session');
    this.uses.left(agent, sessionId);
  }

  /**
   * Reports for a session by another one of the same key: a process that starts after a crash tells what the crashed one used. Not while
   * that one lives: who has found only the key could start a session as well, and would report in its name.
   *
   * @throws {AppError} NOT_FOUND; PROOF_OF_OTHER_SESSION, with the time after which the session counts as silent
   */
  async refuseAlive(agent: AgentPrincipal, sessionId: string, provenId: string): Promise<void> {
    const rows = await this.sessions.livesOf(agent, [sessionId, provenId]);
    const about = rows.find(({ id }) => id === sessionId);
    const by = rows.find(({ id }) => id === provenId);
    if (!about || !by) throw notFound('session');
    if (by.ended) throw proofOfOtherSession();
    if (!about.ended && about.heardSecondsAgo < SILENT_SECONDS) {
      throw proofOfOtherSession(Math.ceil(SILENT_SECONDS - about.heardSecondsAgo));
    }
  }

  /** Notes that the session has shown a proof, if that is new. */
  async markBound(agent: AgentPrincipal, sessionId: string): Promise<void> {
    await this.sessions.markBound(agent, sessionId);
  }

  /** Notes that the agent lives. Does not fail when the session has ended: a last report may come after that. */
  async touch(agent: AgentPrincipal, sessionId: string): Promise<void> {
    if (!(await this.sessions.touch(agent, sessionId))) throw notFound('session');
  }

  /** @returns the project that the session runs in; undefined: not there, or not yours */
  projectOf(organizationId: string, sessionId: string): Promise<string | undefined> {
    return this.sessions.projectOf(organizationId, sessionId);
  }

  /**
   * Stops a process for good, by any of its sessions; unlike one that has ended, it must not start another by itself.
   *
   * @returns the sessions that this call stopped: none when all had ended before
   */
  kill(tx: Tx, organizationId: string, sessionId: string, by: string): Promise<string[]> {
    return this.sessions.kill(tx, organizationId, sessionId, by);
  }
}
