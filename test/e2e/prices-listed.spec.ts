import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newId } from '../../src/kernel/ids.js';
import { parseMoney, printMoney } from '../../src/kernel/money.js';
import { runCli } from '../harness/command-line.js';
import {
  Installation,
  type Json,
  OWNER,
  type ProjectFixture,
  sessionRequest,
  usage,
} from '../harness/installation.js';
import { secondOrganization } from '../harness/people.js';

const REASON = { reason: 'agreed in November' };
const TOKENS = [
  ['inputPerMillion', 'input'],
  ['cacheReadPerMillion', 'cacheRead'],
  ['outputPerMillion', 'output'],
] as const;
/** Of each kind one model that is paid so. */
const PAID = [
  ['openai', 'gpt-5-mini'],
  ['openai', 'whisper-1'],
  ['groq', 'whisper-large-v3'],
  ['openai', 'tts-1'],
  ['cohere', 'rerank-v4.0-pro'],
  ['perplexity', 'sonar'],
] as const;

let installation: Installation;
let home = '';

beforeAll(async () => {
  installation = await Installation.start();
  home = mkdtempSync(path.join(tmpdir(), 'ic-prices-listed-'));
  await cli(['login', '--email', OWNER.email, '--password-stdin'], OWNER.password);
});
afterAll(async () => {
  await installation.stop();
  rmSync(home, { recursive: true, force: true });
});

const cli = (args: readonly string[], stdin = '') =>
  runCli(args, { XDG_CONFIG_HOME: home, IRON_CAGE_URL: installation.url }, stdin);

const funded = () => installation.project({ deposit: '1000' });

async function row(provider: string, model: string, query = ''): Promise<Json> {
  const address = `/v1/prices?provider=${provider}&search=${model}${query}`;
  const { items } = await installation.must('GET', address);
  return (items as Json[]).find((item) => item['model'] === model) ?? {};
}

/** @returns what the server books for one call */
async function charged(made: ProjectFixture, record: object): Promise<string> {
  const must = async (address: string, body: object): Promise<Json> => {
    const answer = await installation.as(made.key, 'POST', address, body);
    expect([answer.status < 300, answer.body]).toEqual([true, answer.body]);
    return answer.body;
  };
  const { sessionId } = await must('/v1/sdk/sessions', sessionRequest());
  const leaseId = newId();
  await must('/v1/sdk/leases', { leaseId, sessionId, wanted: '0.5', minimum: '0' });
  const report = { sessionId, seq: 1, usage: [record], final: true };
  return (await must(`/v1/sdk/leases/${leaseId}/settlements`, report))['booked'] as string;
}

/** What an agent would be charged for so many of it, by what the list says. */
function expected(rate: string, used: bigint): string {
  const nano = parseMoney(rate) ?? 0n;
  return printMoney((nano * used + 999_999n) / 1_000_000n);
}

async function compare(made: ProjectFixture, provider: string, model: string): Promise<number> {
  const shown = await row(provider, model, `&projectId=${made.id}`);
  const others = shown['otherRates'] as { unit: string; rate: string; per: number }[];
  const call = others.find(({ unit }) => unit === 'calls')?.rate ?? '0';
  const rates = [
    ...TOKENS.flatMap(([name, unit]) =>
      shown[name] === null ? [] : [{ unit, rate: shown[name] }],
    ),
    ...others.filter(({ unit }) => unit !== 'calls'),
  ] as { unit: string; rate: string }[];
  for (const { unit, rate } of rates) {
    const record = usage({ [unit]: 1_000 }, { provider, model });
    const fee = parseMoney(expected(call, 1n)) ?? 0n;
    const sum = (parseMoney(expected(rate, 1_000n)) ?? 0n) + fee;
    expect([unit, await charged(made, record)]).toEqual([unit, printMoney(sum)]);
  }
  return rates.filter(({ rate }) => parseMoney(rate) !== 0n).length;
}

describe('what the price list tells', () => {
  it('is paid by the unit where a model is, exactly as the table has it', async () => {
    expect(await row('openai', 'whisper-1')).toMatchObject({
      source: 'table',
      inputPerMillion: '0.000000000',
      otherRates: [{ unit: 'audioSeconds', rate: '100.000000000', per: 1_000_000 }],
    });
    expect((await row('perplexity', 'sonar'))['otherRates']).toEqual([
      { unit: 'calls', rate: '12000.000000000', per: 1_000_000 },
    ]);
    expect((await row('openai', 'gpt-5-mini'))['otherRates']).toEqual(
      expect.arrayContaining([{ unit: 'webSearches', rate: '10000.000000000', per: 1_000_000 }]),
    );
  });

  it.each(PAID)('is what a call of %s/%s is charged', async (provider, model) => {
    expect(await compare(await funded(), provider, model)).toBeGreaterThan(0);
  });

  it("is what a call is charged with the project's own rates and its mark-up", async () => {
    const made = await funded();
    const set = (method: string, address: string, body: object) =>
      installation.must(method, address, { projectId: made.id, ...REASON, ...body });
    await set('PUT', '/v1/prices/markup', { basisPoints: 250 });
    await set('POST', '/v1/prices/overrides', {
      provider: 'openai',
      model: 'whisper*',
      rates: { input: '0', output: '0', audioSeconds: '66.666667' },
    });
    for (const [provider, model] of PAID) await compare(made, provider, model);

    const own = await row('openai', 'whisper-1', `&projectId=${made.id}`);
    expect(own).toMatchObject({
      source: 'override',
      otherRates: [{ unit: 'audioSeconds', rate: '68.333333675' }],
    });
    const list = await installation.must('GET', `/v1/prices?projectId=${made.id}`);
    expect(list['markupBasisPoints']).toBe(250);
    // Neither the organization's prices nor the table know of it.
    for (const query of ['', `&projectId=${made.id}&basis=list`])
      expect(await row('openai', 'whisper-1', query)).toMatchObject({
        source: 'table',
        otherRates: [{ rate: '100.000000000' }],
      });
  }, 30_000);

  it('fits, however dear own rates and mark-up are', async () => {
    const made = await installation.project();
    const set = (method: string, address: string, body: object) =>
      installation.must(method, address, { projectId: made.id, ...REASON, ...body });
    await set('PUT', '/v1/prices/markup', { basisPoints: 100_000 });
    const rates = { input: '1000000000', output: '1' };
    await set('POST', '/v1/prices/overrides', { provider: 'openai', model: 'gpt-5-mini', rates });
    expect(await row('openai', 'gpt-5-mini', `&projectId=${made.id}`)).toMatchObject({
      inputPerMillion: '11000000000.000000000',
    });
  });

  it('has the models of a provider in the order of their names', async () => {
    const { items } = await installation.must<{ items: Json[] }>('GET', '/v1/prices');
    expect(items[0]?.['provider']).toBe('openai');
    const names = items.filter(({ provider }) => provider === 'openai').map(({ model }) => model);
    expect(names.slice(0, 2)).toEqual(['ada', 'babbage']);
    expect(names.indexOf('tts-1-hd')).toBe(names.indexOf('tts-1') + 1);
    const providers = items.map(({ provider }) => provider);
    const runs = providers.filter((provider, index) => provider !== providers[index - 1]);
    expect(runs).toHaveLength(new Set(providers).size);
  });

  it('is nothing of a project of another organization', async () => {
    const made = await installation.project();
    const stranger = await secondOrganization(installation, 'List Strangers');
    const address = `/v1/prices?projectId=${made.id}`;
    expect((await installation.as(stranger, 'GET', address)).status).toBe(404);
  });
});

describe('iron-cage prices', () => {
  it('prints what is paid by the unit, and no dollars for its tokens', async () => {
    const { out } = await cli(['prices', '--provider', 'openai', '--search', 'whisper']);
    expect(out).toMatch(/whisper-1 +– +– +– +minute of audio \$0\.006/);
    expect(out).not.toContain('$0.00 ');
    const sonar = await cli(['prices', 'list', '--provider', 'perplexity']);
    expect(sonar.out).toMatch(/BESIDES/);
    expect(sonar.out).toMatch(/sonar-pro .*call \$0\.014/);
  });

  it("prints a project's own rates and mark-up as they are charged", async () => {
    const made = await installation.project();
    const wanted = ['--provider', 'openai', '--search', 'whisper-1'];
    const scope = ['--project', made.name, '--reason', 'self-hosted'];
    expect((await cli(['prices', 'markup', '10', ...scope])).code).toBe(0);
    const own = ['prices', 'override', 'openai', 'whisper*', '--audio-minute', '0.003', ...scope];
    expect((await cli(own)).out).toContain('minute of audio $0.003');
    const { out, err } = await cli(['prices', ...wanted, '--project', made.name]);
    expect(out).toMatch(/whisper-1 .*minute of audio \$0\.0033 +own/);
    expect(err).toContain('with own rates and the mark-up of 10 %');
    const listed = await cli(['prices', 'list', ...wanted, '--project', made.name, '--list']);
    expect(listed.out).toContain('minute of audio $0.006');
    expect(listed.err).toContain('without own rates and mark-up');
  });
});
