import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CountingProvider, startCountingProvider } from '../harness/counting-provider.js';
import { Installation, type Json, type ProjectFixture } from '../harness/installation.js';
import { eventually, query } from '../harness/people.js';
import { printMoney } from '../../src/kernel/money.js';
import { AgentProcess, CompiledSdk } from '../sdk/agent-process.js';

const WAIT_MS = 30_000;

describe('real agents of a project that wants proofs', () => {
  const sdk = new CompiledSdk();
  let site: Installation;
  let provider: CountingProvider;
  let project: ProjectFixture;
  let journalDir: string;
  let written = 0;

  beforeAll(async () => {
    site = await Installation.start();
    provider = await startCountingProvider({
      prices: { 'gpt-5-mini': { input: 250_000n, output: 2_000_000n } },
    });
  });
  afterAll(async () => {
    await provider.close();
    await site.stop();
    sdk.remove();
  });
  beforeEach(async () => {
    journalDir = mkdtempSync(path.join(tmpdir(), 'iron-cage-journal-'));
    const policy = { senderBinding: 'required', reportIntervalSeconds: 60 };
    project = await site.project({ policy, deposit: '2', secret: false });
    await site.must('POST', '/v1/secrets', {
      name: `provider ${project.id.slice(-8)}`,
      provider: 'openai',
      projectId: project.id,
      hosts: [provider.host],
      fields: { OPENAI_API_KEY: 'sk-test-of-the-provider-0123456789' },
    });
  });
  afterEach(async () => {
    expect(await site.ledgerCheck()).toMatchObject({ ok: true, findings: [] });
    rmSync(journalDir, { recursive: true, force: true });
  });

  const run = (source: string): AgentProcess => {
    written += 1;
    const call = `const call = () => fetch(process.env.PROVIDER + '/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: 'Bearer ' + process.env.OPENAI_API_KEY },
      body: JSON.stringify({ model: 'gpt-5-mini', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] }),
    }).then((answer) => answer.text());`;
    const file = sdk.write(
      `bound-${String(written)}.js`,
      `import { cage } from './auto.js';\n${call}\n${source}`,
    );
    return new AgentProcess([file], {
      IRON_CAGE_KEY: project.key,
      IRON_CAGE_URL: site.url,
      IRON_CAGE_JOURNAL_DIR: journalDir,
      PROVIDER: provider.url,
    });
  };
  const said = (agent: AgentProcess, what: string): Promise<void> =>
    eventually(() => {
      expect(agent.output).toContain(what);
      return Promise.resolve();
    }, WAIT_MS);
  const sessions = async (): Promise<Json[]> =>
    (await site.must('GET', `/v1/sessions?projectId=${project.id}`))['items'] as Json[];
  const settled = async (sinceNano: bigint): Promise<void> => {
    const { leased, spent } = await site.balance(project.id);
    expect({ leased, spent }).toEqual({
      leased: '0.000000000',
      spent: printMoney(provider.bill().totalNano - sinceNano),
    });
  };

  it.each([
    ['that come to their end', 'await call();', 0],
    ['that leave by process.exit()', 'await call(); process.exit(3);', 3],
  ])('%s report, give back what they hold, and end their session', async (_name, source, code) => {
    const before = provider.bill().totalNano;
    const ended = await run(source).ended;
    expect({ ...ended, code: ended.code }).toMatchObject({ code });
    await settled(before);
    expect(provider.bill().totalNano).toBeGreaterThan(before);
    expect(await sessions()).toMatchObject([{ state: 'ended', bound: true }]);
    expect(readdirSync(journalDir)).toEqual([]);
  });

  it('that crashed are reported for by the next process, when they are silent', async () => {
    const before = provider.bill().totalNano;
    const crashed = run(`await call(); console.log('ready'); setInterval(() => {}, 1000);`);
    await said(crashed, 'ready');
    crashed.kill('SIGKILL');
    await crashed.ended;
    const [{ id } = { id: '' }] = await sessions();
    const silence = (seconds: number) =>
      query(
        site,
        `UPDATE sessions SET last_seen_at = now() - ${String(seconds)} * interval '1 second' WHERE id = '${String(id)}'`,
      );
    // Too early by some seconds: the successor hears when to come again, and does.
    await silence(56);
    const next = run(
      `cage.on('warning', ({ code }) => console.log(code)); setInterval(() => {}, 1000);`,
    );
    await said(next, 'JOURNAL_REPLAYED');
    next.kill('SIGTERM');
    await next.ended;
    await settled(before);
    expect(provider.bill().totalNano).toBeGreaterThan(before);
    expect(readdirSync(journalDir)).toEqual([]);
  });
});
