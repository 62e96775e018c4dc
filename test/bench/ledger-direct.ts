import { createHash } from 'node:crypto';
import type { Command } from '../../src/billing/domain/commands.js';
import { Ledger } from '../../src/billing/leases/ledger.service.js';
import { newId } from '../../src/kernel/ids.js';
import { UnitOfWork } from '../../src/platform/database/index.js';
import { LocalSignals } from '../../src/platform/redis/index.js';
import { Metrics } from '../../src/platform/telemetry/index.js';
import { percentile, type Row } from './report.js';
import type { BenchSite, Holder } from './site.js';

const TRANCHE = 500_000_000n;
const SINGLES = 400;

/** An agent without HTTP: it hands its commands to the ledger of this process. */
class DirectAgent {
  private leaseId = newId();

  constructor(
    private readonly holder: Holder,
    private readonly send: (command: Command) => Promise<unknown>,
  ) {}

  begin(): Promise<unknown> {
    const { leaseId } = this;
    return this.send({
      kind: 'acquire',
      ...this.by(leaseId),
      leaseId,
      wanted: TRANCHE,
      minimum: 0n,
    });
  }

  async renew(): Promise<void> {
    const next = newId();
    await this.send({
      kind: 'settle',
      ...this.by(next),
      leaseId: this.leaseId,
      seq: 1,
      final: true,
      usage: [
        {
          id: newId(),
          provider: 'openai',
          model: 'gpt-5-mini',
          outcome: 'completed',
          estimated: false,
          tokens: TOKENS,
          cost: 456_000n,
          clientCost: 456_000n,
          pricesVersion: 'bench',
          pricedBy: 'table',
          tags: [],
          durationMs: 812,
        },
      ],
      next: { leaseId: next, wanted: TRANCHE, minimum: 0n },
    });
    this.leaseId = next;
  }

  private by(id: string) {
    const { projectId, keyId, sessionId } = this.holder;
    return { projectId, keyId, sessionId, requestHash: createHash('sha256').update(id).digest() };
  }
}

function open(site: BenchSite): Ledger {
  return new Ledger(new UnitOfWork(site.dataSource), new LocalSignals(), new Metrics());
}

/** What the coalesced SQL does on its own. @returns renewals per second */
export async function sqlRate(
  site: BenchSite,
  holder: Holder,
  load: { agents: number; warmUpMs: number; measureMs: number },
): Promise<number> {
  const ledger = open(site);
  const start = performance.now() + load.warmUpMs;
  const end = start + load.measureMs;
  let count = 0;
  await Promise.all(
    Array.from({ length: load.agents }, async () => {
      const agent = new DirectAgent(holder, (command) =>
        ledger.execute(holder.organizationId, command),
      );
      await agent.begin();
      while (performance.now() < end) {
        await agent.renew();
        const now = performance.now();
        if (now >= start && now < end) count++;
      }
    }),
  );
  return (count / load.measureMs) * 1000;
}

/**
 * What coalescing costs where there is nothing to coalesce: one renewal at a time, through the ledger's queue and past it, in turns.
 */
export async function coalescingRows(site: BenchSite, holder: Holder): Promise<Row[]> {
  const ledger = open(site);
  const { organizationId } = holder;
  const queued = new DirectAgent(holder, (command) => ledger.execute(organizationId, command));
  const past = new DirectAgent(holder, (command) => ledger.commit(organizationId, [command]));
  await queued.begin();
  await past.begin();
  const ms = { queued: [] as number[], past: [] as number[] };
  for (let i = 0; i < SINGLES; i++) {
    for (const [list, agent] of [
      [ms.queued, queued],
      [ms.past, past],
    ] as const) {
      const start = performance.now();
      await agent.renew();
      if (i >= SINGLES / 4) list.push(performance.now() - start);
    }
  }
  const [value, reference] = [percentile(ms.queued, 0.5), percentile(ms.past, 0.5)];
  return [
    { metric: 'single.direct.p50', value: reference, unit: 'ms' },
    {
      metric: 'single.queued.p50',
      value,
      unit: 'ms',
      reference: 'single.direct.p50',
      ratio: value / reference,
    },
  ];
}

const TOKENS = {
  input: 800,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 128,
  audioInput: 0,
  audioOutput: 0,
};
