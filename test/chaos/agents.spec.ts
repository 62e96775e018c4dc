import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { newId } from '../../src/kernel/ids.js';
import { parseMoney } from '../../src/kernel/money.js';
import { call, type Json, OWNER } from '../harness/installation.js';
import { eventually } from '../harness/people.js';
import { createDatabase } from '../harness/server.js';
import { expectSoundHistory } from '../property/history.js';
import { ChaosAgent, seeded, Tally } from './agent.js';
import { Replica } from './replica.js';

/** A long run: `IRON_CAGE_CHAOS_LEASES=10000`, or more. */
const LEASES = Number(process.env['IRON_CAGE_CHAOS_LEASES'] ?? 5_000);
const AGENTS = 200;
const LIMIT_MS = 60_000 + LEASES * 60;
const seed = Number(process.env['IRON_CAGE_SEED'] ?? Date.now() % 2 ** 31);

describe(`${AGENTS} agents on one budget and two servers that are killed at any moment`, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'iron-cage-chaos-'));
  const replicas: Replica[] = [];
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let client: InstanceType<typeof pg.Client>;
  let owner: { token: string; organizationId: string };
  let project: { id: string; key: string };

  const must = async (method: string, route: string, body?: object): Promise<Json> => {
    const answer = await call(replicas[0]!.url, method, route, {
      token: owner.token,
      ...(body && { body }),
    });
    if (answer.status >= 300)
      throw new Error(`${method} ${route}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };

  beforeAll(async () => {
    database = await createDatabase();
    client = new pg.Client(database.url);
    await client.connect();
    const kek = randomBytes(32).toString('base64');
    for (const name of ['one', 'two']) {
      replicas.push(
        await Replica.start({ databaseUrl: database.url, kek, dataDir: path.join(folder, name) }),
      );
      if (name === 'one') owner = await setUp(replicas[0]!);
    }
    project = await prepare();
  }, 120_000);

  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await client.end();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const setUp = async (replica: Replica): Promise<typeof owner> => {
    // It answers before it has printed the link.
    await eventually(async () => {
      expect(replica.setupToken).not.toBe('');
      await Promise.resolve();
    });
    const { body } = await call(replica.url, 'POST', '/v1/setup', {
      body: { token: replica.setupToken, organizationName: 'Acme', ...OWNER },
    });
    return {
      token: body['accessToken'] as string,
      organizationId: body['organization'].id as string,
    };
  };

  /** Money for about two thirds of what will be asked for, under a balance, a budget and a limit for everybody. */
  const prepare = async (): Promise<typeof project> => {
    const { id } = await must('POST', '/v1/projects', {
      name: 'Chaos',
      policy: { maxOpenLeases: 10_000, leaseTtlSeconds: 10, graceSeconds: 5 },
    });
    await must('POST', '/v1/secrets', {
      name: 'openai',
      provider: 'openai',
      projectId: id,
      fields: { OPENAI_API_KEY: 'sk-test-canary-0123456789abcdef' },
    });
    const dollars = (factor: number): string => (LEASES * factor).toFixed(9);
    await must('POST', `/v1/projects/${id}/deposits`, {
      requestId: newId(),
      amount: dollars(0.007),
    });
    await must('POST', '/v1/budgets', {
      scope: 'project',
      scopeId: id,
      window: 'total',
      limit: dollars(0.0065),
    });
    await must('POST', '/v1/budgets', {
      scope: 'organization',
      window: 'day',
      limit: dollars(0.0066),
      models: ['count*'],
    });
    const { secret } = await must('POST', `/v1/projects/${id}/keys`, {
      name: 'agents',
      environment: 'dev',
    });
    return { id: id as string, key: secret as string };
  };

  /** Kills a server at random moments and starts it again, until told to stop. */
  const havoc = async (random: () => number, isOver: () => boolean): Promise<void> => {
    while (!isOver()) {
      await new Promise((resolve) => setTimeout(resolve, 500 + random() * 2_500));
      if (isOver()) return;
      const victim = replicas[Math.floor(random() * replicas.length)]!;
      await victim.kill();
      await new Promise((resolve) => setTimeout(resolve, random() * 500));
      await victim.up();
    }
  };

  it(
    'never get more than the limit, and the ledger knows what they know',
    async () => {
      process.stdout.write(`chaos seed: IRON_CAGE_SEED=${seed} IRON_CAGE_CHAOS_LEASES=${LEASES}\n`);
      const tally = new Tally();
      const started = performance.now();
      const urls = replicas.map(({ url }) => url);
      const agents = Array.from({ length: AGENTS }, (_, index) =>
        new ChaosAgent({
          urls,
          key: project.key,
          tally,
          random: seeded(seed + index),
          more: () => tally.attempts < LEASES,
        }).run(),
      );
      let over = false;
      const trouble = havoc(seeded(seed - 1), () => over);
      await Promise.all(agents).finally(() => (over = true));
      await trouble;
      await expectSameKnowledge(tally);
      const kills = replicas.reduce((sum, replica) => sum + replica.kills, 0);
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      process.stdout.write(
        `chaos: ${kills} kills, ${tally.attempts} leases asked for, ${tally.granted} granted, ${tally.refused} refused, ${tally.reports} reports, ` +
          `${tally.repeated} sent twice, ${tally.retries} retries, $${Number(tally.spent) / 1e9} spent in ${seconds} s\n`,
      );
      expect(kills).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );

  const expectSameKnowledge = async (tally: Tally): Promise<void> => {
    const { rows } = await client.query<Record<string, string>>(
      `SELECT a.settled_nano::text AS settled, a.reserved_nano::text AS reserved,
         (SELECT count(*) FROM leases WHERE project_id = $1)::text AS granted,
         (SELECT count(*) FROM lease_refusals WHERE project_id = $1)::text AS refused,
         (SELECT count(*) FROM settlements WHERE project_id = $1)::text AS reports,
         (SELECT sum(amount_nano) FROM settlements WHERE project_id = $1)::text AS booked,
         (SELECT sum(cost_nano) FROM usage_records WHERE project_id = $1)::text AS counted,
         (SELECT sum(late_nano) FROM leases WHERE project_id = $1)::text AS late
       FROM accounts a WHERE a.project_id = $1`,
      [project.id],
    );
    expect(rows[0]).toMatchObject({
      settled: String(tally.spent),
      booked: String(tally.spent),
      counted: String(tally.spent),
      late: String(tally.late),
      granted: String(tally.granted),
      refused: String(tally.refused),
      reports: String(tally.reports),
    });
    const { items } = await must('GET', '/v1/budgets');
    for (const { limit, spent, leased } of items as Record<
      'limit' | 'spent' | 'leased',
      string
    >[]) {
      expect(parseMoney(spent)).toBe(tally.spent);
      // What came after its lease had expired was lent to somebody else in the meantime: that part, and no more, may be above.
      expect(parseMoney(spent)! + parseMoney(leased)!).toBeLessThanOrEqual(
        parseMoney(limit)! + tally.late,
      );
    }
    expect(await must('GET', '/v1/ledger/check')).toMatchObject({ ok: true, findings: [] });
    const history = await expectSoundHistory(
      async (sql, parameters) => (await client.query(sql, parameters)).rows,
      owner.organizationId,
    );
    expect(history.grants).toBe(tally.granted);
  };
});
