import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type CountingProvider, startCountingProvider } from '../harness/counting-provider.js';
import { Installation, type ProjectFixture } from '../harness/installation.js';
import { eventually, query } from '../harness/people.js';
import { AgentProcess, CompiledSdk } from '../sdk/agent-process.js';

/** A busy machine needs its time; the lease itself lives for ten seconds. */
const PATIENCE_MS = 90_000;
const TRANCHE = '0.500000000';
const DEPOSIT = '10.000000000';

describe('an agent that is killed where it stands', () => {
  let site: Installation;
  let provider: CountingProvider;
  let project: ProjectFixture;
  let journalDir: string;
  const sdk = new CompiledSdk();

  beforeAll(async () => {
    site = await Installation.start();
    provider = await startCountingProvider({
      prices: { 'gpt-5-mini': { input: 250_000n, output: 2_000_000n } },
    });
    journalDir = mkdtempSync(join(tmpdir(), 'ic-killed-'));
    project = await site.project({
      deposit: DEPOSIT,
      secret: false,
      policy: {
        trancheSize: TRANCHE,
        leaseTtlSeconds: 10,
        graceSeconds: 3_600,
        expiry: 'return',
        reportIntervalSeconds: 3_600,
      },
    });
    await site.must('POST', '/v1/secrets', {
      name: 'provider',
      provider: 'openai',
      projectId: project.id,
      hosts: [provider.host],
      fields: { OPENAI_API_KEY: 'sk-test-canary-0123456789abcdef' },
    });
  });
  afterAll(async () => {
    await provider.close();
    await site.stop();
    sdk.remove();
    rmSync(journalDir, { recursive: true, force: true });
  });

  function run(source: string): AgentProcess {
    const path = sdk.write(`agent-${Math.random().toString(36).slice(2)}.js`, source);
    return new AgentProcess([path], {
      IRON_CAGE_KEY: project.key,
      IRON_CAGE_URL: site.url,
      IRON_CAGE_JOURNAL_DIR: journalDir,
      PROVIDER: provider.url,
    });
  }

  const leases = () =>
    query<{ state: string }>(site, 'SELECT state FROM leases WHERE project_id = $1', [project.id]);

  it(
    'keeps its lease held past its end, gets it back after the grace time, and is booked late by the next one',
    async () => {
      const agent = run(`import './auto.js';
        await fetch(process.env.PROVIDER + '/v1/chat/completions', {
          method: 'POST',
          headers: { authorization: 'Bearer ' + process.env.OPENAI_API_KEY },
          body: JSON.stringify({
            model: 'gpt-5-mini',
            max_completion_tokens: 100,
            messages: [{ role: 'user', content: 'Hello' }],
          }),
        });
        console.log('answered');
        setInterval(() => {}, 1000);`);
      await eventually(() => {
        expect(agent.output).toContain('answered');
        return Promise.resolve();
      }, PATIENCE_MS);
      agent.kill('SIGKILL');
      expect((await agent.ended).signal).toBe('SIGKILL');
      expect(readdirSync(journalDir)).toHaveLength(1);

      // The database's clock ends it; nobody knows what it has used, so nothing of it is free yet.
      await eventually(async () => {
        expect(await leases()).toEqual([{ state: 'EXPIRED_HOLD' }]);
      }, PATIENCE_MS);
      expect(await site.balance(project.id)).toMatchObject({
        leased: TRANCHE,
        spent: '0.000000000',
        available: '9.500000000',
      });

      await query(
        site,
        `UPDATE leases SET hold_until = hold_until - interval '2 hours' WHERE project_id = $1`,
        [project.id],
      );
      await eventually(async () => {
        expect(await leases()).toEqual([{ state: 'RETURNED' }]);
      }, PATIENCE_MS);
      expect(await site.balance(project.id)).toMatchObject({
        leased: '0.000000000',
        available: DEPOSIT,
      });

      // What was used was written down before the answer was handed on: another process reports it.
      const next = run(`import './auto.js';
        const { IronCage } = await import('./index.js');
        IronCage.current().on('warning', ({ code }) => { console.log(code); });
        setInterval(() => {}, 1000);`);
      const { totalNano } = provider.bill();
      await eventually(async () => {
        const { spent } = await site.balance(project.id);
        expect(BigInt(spent.replace('.', ''))).toBe(totalNano);
      }, PATIENCE_MS);
      expect(totalNano).toBeGreaterThan(0n);
      next.kill('SIGTERM');
      await next.ended;
      expect(readdirSync(journalDir)).toEqual([]);
      expect(await site.ledgerCheck()).toMatchObject({ ok: true, findings: [] });
    },
    4 * PATIENCE_MS,
  );
});
