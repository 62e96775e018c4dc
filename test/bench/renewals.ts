import { proofHeader } from '../../sdk/src/wire/sender-proof.js';
import { newId } from '../../src/kernel/ids.js';
import { Connection } from './connection.js';
import type { Holder } from './site.js';

const USAGE = {
  provider: 'openai',
  model: 'gpt-5-mini',
  outcome: 'completed',
  estimated: false,
  tokens: {
    input: 800,
    cacheRead: 0,
    cacheWrite5m: 0,
    cacheWrite1h: 0,
    output: 128,
    audioInput: 0,
    audioOutput: 0,
  },
  cost: '0.000456000',
  pricesVersion: '2026-11-01.00000000',
  durationMs: 812,
};

/** An agent that reports one call and takes the next tranche, again and again. */
export class RenewingAgent {
  private leaseId = newId();

  constructor(
    private readonly connection: Connection,
    private readonly holder: Holder,
  ) {}

  async begin(): Promise<void> {
    const body = {
      leaseId: this.leaseId,
      sessionId: this.holder.sessionId,
      wanted: '0.5',
      minimum: '0',
    };
    const { status, body: answer } = await this.post('/v1/sdk/leases', body);
    if (status !== 201) throw new Error(`acquire: ${status} ${answer}`);
  }

  async renew(): Promise<void> {
    const next = newId();
    const body = {
      sessionId: this.holder.sessionId,
      seq: 1,
      usage: [{ id: newId(), ...USAGE }],
      final: true,
      next: { leaseId: next, wanted: '0.5', minimum: '0' },
    };
    const { status, body: answer } = await this.post(
      `/v1/sdk/leases/${this.leaseId}/settlements`,
      body,
    );
    if (status !== 200 || !answer.includes('"granted":true'))
      throw new Error(`settle: ${status} ${answer}`);
    this.leaseId = next;
  }

  private post(path: string, body: object): Promise<{ status: number; body: string }> {
    const { key, sessionId, proofKey } = this.holder;
    const text = JSON.stringify(body);
    if (proofKey === undefined) return this.connection.post(path, key, text);
    const request = { method: 'POST', path, body: Buffer.from(text), bearer: key };
    const terms = { sessionId, keyVersion: 1, timeMs: Date.now() };
    const proof = proofHeader(request, terms, proofKey);
    return this.connection.post(path, key, text, `Iron-Cage-Proof: ${proof}\r\n`);
  }
}

/** Closed loop: every agent sends as fast as it is answered. @returns renewals per second */
export async function closedLoop(
  agents: readonly RenewingAgent[],
  warmUpMs: number,
  measureMs: number,
): Promise<number> {
  const start = performance.now() + warmUpMs;
  const end = start + measureMs;
  let count = 0;
  await Promise.all(
    agents.map(async (agent) => {
      while (performance.now() < end) {
        await agent.renew();
        const now = performance.now();
        if (now >= start && now < end) count++;
      }
    }),
  );
  return (count / measureMs) * 1000;
}

/**
 * Open loop: requests leave at a constant rate whether or not earlier ones were answered, and their time counts from when they should
 * have left. A closed loop would hide every pause by not sending during it.
 *
 * @returns milliseconds of each request
 */
export async function openLoop(
  agents: readonly RenewingAgent[],
  perSecond: number,
  durationMs: number,
): Promise<number[]> {
  const idle = [...agents];
  const times: number[] = [];
  const queue: number[] = [];
  const running = new Set<Promise<void>>();
  const begin = performance.now();
  let sent = 0;
  const dispatch = (): void => {
    while (queue.length > 0 && idle.length > 0) {
      const due = queue.shift() ?? 0;
      const agent = idle.pop();
      if (!agent) return;
      const work = agent.renew().then(() => {
        times.push(performance.now() - due);
        idle.push(agent);
        running.delete(work);
        dispatch();
      });
      running.add(work);
    }
  };
  while (performance.now() - begin < durationMs) {
    const due = ((performance.now() - begin) / 1000) * perSecond;
    while (sent < due) queue.push(begin + (sent++ / perSecond) * 1000);
    dispatch();
    await new Promise((wake) => setTimeout(wake, 1));
  }
  while (running.size > 0 || queue.length > 0) await Promise.all(running);
  return times;
}
