import { newId } from '../../src/kernel/ids.js';
import {
  type Answer,
  call,
  type Installation,
  type Json,
  type ProjectFixture,
  usage,
} from '../harness/installation.js';
import { query } from '../harness/people.js';

/** An agent with a session of its own, as the SDK would talk. */
export class Agent {
  private constructor(
    private readonly site: Installation,
    readonly project: ProjectFixture,
    readonly sessionId: string,
  ) {}

  static async start(site: Installation, project: ProjectFixture): Promise<Agent> {
    return new Agent(site, project, await site.session(project.key));
  }

  acquire(fields: object = {}): Promise<Answer> {
    const body = {
      leaseId: newId(),
      sessionId: this.sessionId,
      wanted: '0.5',
      minimum: '0',
      ...fields,
    };
    return this.site.as(this.project.key, 'POST', '/v1/sdk/leases', body);
  }

  /** @returns the lease's id */
  async lease(fields: object = {}): Promise<string> {
    const { status, body } = await this.acquire(fields);
    if (status !== 201) throw new Error(`lease: ${status} ${JSON.stringify(body)}`);
    return body['leaseId'] as string;
  }

  settle(leaseId: string, fields: object = {}): Promise<Answer> {
    const body = { sessionId: this.sessionId, seq: 1, usage: [], final: true, ...fields };
    return this.site.as(this.project.key, 'POST', `/v1/sdk/leases/${leaseId}/settlements`, body);
  }

  /** Borrows and reports; a thousand output tokens of gpt-5-mini cost $0.002. */
  async spend(outputTokens: number, fields: { wish?: object; line?: object } = {}): Promise<void> {
    const leaseId = await this.lease(fields.wish);
    const { status, body } = await this.settle(leaseId, {
      usage: [usage({ output: outputTokens }, fields.line)],
    });
    if (status !== 200) throw new Error(`report: ${status} ${JSON.stringify(body)}`);
  }
}

export interface OutboxEvent {
  kind: string;
  payload: Json;
}

/** What was put into the outbox about something, oldest first. */
export function eventsAbout(site: Installation, scopeId: string): Promise<OutboxEvent[]> {
  return query<OutboxEvent>(
    site,
    `SELECT kind, payload FROM outbox_events WHERE payload->>'scopeId' = $1 OR payload->>'leaseId' = $1 ORDER BY id`,
    [scopeId],
  );
}

export async function removeAllBudgets(site: Installation): Promise<void> {
  const { items } = await site.must<{ items: { id: string }[] }>('GET', '/v1/budgets');
  for (const { id } of items) await site.must('DELETE', `/v1/budgets/${id}`);
}

/** Statuses of the same request sent many times at once. */
export async function atOnce(
  times: number,
  send: (index: number) => Promise<Answer>,
): Promise<Answer[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => send(index)));
}

export const codeOf = ({ body }: Answer): string => body['error']?.code as string;
export { call };
