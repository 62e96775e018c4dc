import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Connection } from './connection.js';
import { coalescingRows, sqlRate } from './ledger-direct.js';
import { closedLoop, openLoop, RenewingAgent } from './renewals.js';
import { percentile, type Row } from './report.js';
import { BenchSite, type Holder } from './site.js';

const AGENTS = 200;
const SPREAD = 100;
const WARM_UP_MS = 3_000;
const MEASURE_MS = 8_000;
const OPEN_LOOP_MS = 10_000;
const RATES = [200, 500, 1_000] as const;
const WARM_UP_RATE = 500;

/** Renewals over HTTP with real keys and durable commits; server, database and load generator share the machine's cores. */
export async function run({ full }: { full: boolean }): Promise<readonly Row[]> {
  const site = await BenchSite.start();
  try {
    const hot = await site.holder(await site.organization());
    const organization = await site.organization();
    const projects = await times(SPREAD, () => site.holder(organization));
    const organizations = await times(SPREAD, async () => site.holder(await site.organization()));

    const progress = (step: string): void => void process.stderr.write(`  ${step} …\n`);
    // What is measured in milliseconds comes first: after full speed the database cleans up for a while, and a machine that is lent by the
    // second runs slower.
    progress('warm-up');
    await openLoopMs(site, hot, WARM_UP_RATE);
    progress('single');
    const single = [...(await singleMs(site, hot)), ...(await coalescingRows(site, hot))];
    progress('open loops');
    const open = await openLoops(site, hot);
    progress('echo');
    const echo = await echoRate(hot);
    progress('sql');
    const sql = await sqlRate(site, hot, {
      agents: AGENTS,
      warmUpMs: WARM_UP_MS,
      measureMs: MEASURE_MS,
    });
    progress('hot');
    const renewHot = await rate(site, () => hot);
    progress('spread');
    const spread = await rate(site, (i) => projects[i % SPREAD] ?? hot);
    progress('orgs');
    const orgs = await rate(site, (i) => organizations[i % SPREAD] ?? hot);
    const rows: Row[] = [
      { metric: 'echo', value: echo, unit: '/s' },
      { metric: 'sql', value: sql, unit: '/s' },
      {
        metric: 'renew.hot',
        value: renewHot,
        unit: '/s',
        reference: 'echo',
        ratio: renewHot / echo,
      },
      {
        metric: 'renew.hot.spread',
        value: renewHot,
        unit: '/s',
        reference: 'renew.spread',
        ratio: renewHot / spread,
      },
      {
        metric: 'renew.spread',
        value: spread,
        unit: '/s',
        reference: 'echo',
        ratio: spread / echo,
      },
      { metric: 'renew.orgs', value: orgs, unit: '/s', reference: 'echo', ratio: orgs / echo },
      ...open,
      ...single,
    ];
    if (!full) return rows;
    const { fillLedger } = await import('./fill.js');
    await fillLedger(site, hot);
    const filled = await rate(site, () => hot);
    return [
      ...rows,
      {
        metric: 'full.hot',
        value: filled,
        unit: '/s',
        reference: 'renew.hot',
        ratio: filled / renewHot,
      },
    ];
  } finally {
    await site.stop();
  }
}

async function times<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const list: T[] = [];
  for (let i = 0; i < count; i++) list.push(await make(i));
  return list;
}

export async function agentsOf(
  url: string,
  holderOf: (index: number) => Holder,
  count = AGENTS,
): Promise<{ agents: RenewingAgent[]; close(): void }> {
  const connections = await Promise.all(Array.from({ length: count }, () => Connection.open(url)));
  return {
    agents: connections.map((connection, index) => new RenewingAgent(connection, holderOf(index))),
    close: () => {
      for (const connection of connections) connection.close();
    },
  };
}

async function rate(site: BenchSite, holderOf: (index: number) => Holder): Promise<number> {
  const { agents, close } = await agentsOf(site.url, holderOf);
  await Promise.all(agents.map((agent) => agent.begin()));
  const perSecond = await closedLoop(agents, WARM_UP_MS, MEASURE_MS);
  close();
  return perSecond;
}

async function openLoops(site: BenchSite, holder: Holder): Promise<Row[]> {
  const rows: Row[] = [];
  for (const perSecond of RATES) {
    const ms = await openLoopMs(site, holder, perSecond);
    rows.push(
      { metric: `open.${perSecond}.p50`, value: percentile(ms, 0.5), unit: 'ms' },
      { metric: `open.${perSecond}.p99`, value: percentile(ms, 0.99), unit: 'ms' },
    );
  }
  return rows;
}

async function openLoopMs(site: BenchSite, holder: Holder, perSecond: number): Promise<number[]> {
  const { agents, close } = await agentsOf(site.url, () => holder);
  await Promise.all(agents.map((agent) => agent.begin()));
  await openLoop(agents, perSecond, 2_000);
  const ms = await openLoop(agents, perSecond, OPEN_LOOP_MS);
  close();
  return ms;
}

/** One request at a time: nothing to coalesce. */
async function singleMs(site: BenchSite, holder: Holder): Promise<Row[]> {
  const { agents, close } = await agentsOf(site.url, () => holder, 1);
  const [agent] = agents;
  if (!agent) throw new Error('no agent');
  await agent.begin();
  const ms = await measure(500, () => agent.renew());
  close();
  return [{ metric: 'single.p50', value: percentile(ms, 0.5), unit: 'ms' }];
}

async function measure(count: number, work: () => Promise<void>): Promise<number[]> {
  const list: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await work();
    list.push(performance.now() - start);
  }
  return list.slice(count / 5);
}

async function echoRate(holder: Holder): Promise<number> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('./echo-server.mjs', import.meta.url))],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const { port } = await new Promise<{ port: number }>((resolve) =>
    child.stdout.once('data', (text: Buffer) => {
      resolve(JSON.parse(text.toString()));
    }),
  );
  const { agents, close } = await agentsOf(`http://127.0.0.1:${port}`, () => holder);
  const perSecond = await closedLoop(agents, WARM_UP_MS, MEASURE_MS);
  close();
  child.kill();
  return perSecond;
}
