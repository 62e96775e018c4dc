import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { Cage } from '../../sdk/src/core/cage.js';
import { checkSignature, PricesNotTrustedError } from '../../sdk/src/prices/signed-prices.js';
import type { Streams } from '../../src/cli/context.js';
import { readEnvironment } from '../../src/cli/environment.js';
import { runCommandLine } from '../../src/cli/program.js';
import { newId } from '../../src/kernel/ids.js';
import { startCountingProvider, type CountingProvider } from '../harness/counting-provider.js';
import {
  Installation,
  type Json,
  OWNER,
  type ProjectFixture,
  sessionRequest,
  usage,
} from '../harness/installation.js';
import { eventually, query, secondOrganization } from '../harness/people.js';
import { startServer } from '../harness/server.js';

const shipped = JSON.parse(
  readFileSync(new URL('../../src/billing/prices/price-table.json', import.meta.url), 'utf8'),
) as Json;
const REASON = { reason: 'agreed in November' };

let installation: Installation;
let provider: CountingProvider;
let home = '';
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  installation = await Installation.start();
  provider = await startCountingProvider({
    prices: { '*': { input: 250_000n, cacheRead: 25_000n, output: 2_000_000n } },
  });
});
afterAll(async () => {
  await provider.close();
  await installation.stop();
  if (home !== '') rmSync(home, { recursive: true, force: true });
});
afterEach(async () => {
  for (const step of cleanUps.splice(0).reverse()) await Promise.resolve(step());
});

/** A project whose OpenAI is the counting provider. */
async function project(): Promise<ProjectFixture> {
  const made = await installation.project({ deposit: '10', secret: false });
  await installation.must('POST', '/v1/secrets', {
    name: `provider ${made.id}`,
    provider: 'openai',
    projectId: made.id,
    hosts: [provider.host],
    fields: { OPENAI_API_KEY: 'sk-test-canary-0123456789abcdef' },
  });
  return made;
}

async function agent(
  key: string,
  options: { pricesKey?: string } = {},
  send: typeof fetch = globalThis.fetch,
): Promise<Cage> {
  const journalDir = mkdtempSync(path.join(tmpdir(), 'ic-prices-'));
  const cage = new Cage(
    { key, url: installation.url, handleExit: false, journalDir, ...options },
    { environment: {}, send },
  );
  cleanUps.push(() => rmSync(journalDir, { recursive: true, force: true }));
  cleanUps.push(() => cage.close());
  await cage.start();
  return cage;
}

function chat(cage: Cage, model: string, body: object = {}): Promise<Response> {
  return cage.fetch(`${provider.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content: 'Say hello.' }],
      max_tokens: 100,
      ...body,
    }),
  });
}

async function session(made: ProjectFixture): Promise<Json> {
  const { status, body } = await installation.as(
    made.key,
    'POST',
    '/v1/sdk/sessions',
    sessionRequest(),
  );
  expect(status).toBe(201);
  return body;
}

/** Borrows, reports the records and ends. @returns what was booked for them */
async function settle(made: ProjectFixture, records: object[]): Promise<string> {
  const sessionId = (await session(made))['sessionId'] as string;
  const leaseId = newId();
  const lease = { leaseId, sessionId, wanted: '0.5', minimum: '0' };
  expect((await installation.as(made.key, 'POST', '/v1/sdk/leases', lease)).status).toBe(201);
  const report = { sessionId, seq: 1, usage: records, final: true };
  const answer = await installation.as(
    made.key,
    'POST',
    `/v1/sdk/leases/${leaseId}/settlements`,
    report,
  );
  expect([answer.status, answer.body]).toEqual([200, expect.objectContaining({ leaseId })]);
  return answer.body['booked'] as string;
}

async function lines(projectId: string): Promise<Json[]> {
  return query<Json>(
    installation,
    'SELECT model, cost_nano::text AS cost, client_cost_nano::text AS client, priced_by AS by, pricing FROM usage_records WHERE project_id = $1 ORDER BY at, id',
    [projectId],
  );
}

const heartbeat = async (made: ProjectFixture, sessionId: string): Promise<string> =>
  (await installation.as(made.key, 'POST', `/v1/sdk/sessions/${sessionId}/heartbeat`, {})).body[
    'pricesVersion'
  ] as string;

describe('versions of the price table', () => {
  it('the shipped one is stored and in force', async () => {
    const { items } = await installation.must('GET', '/v1/prices/versions');
    expect(items).toEqual([
      expect.objectContaining({
        version: shipped['version'],
        inForce: true,
        models: shipped['models'].length,
      }),
    ]);
    const { version } = await installation.must('GET', '/v1/prices?provider=openai');
    expect(version).toBe(shipped['version']);
  });

  it('are stored once, however many replicas start at the same time', async () => {
    const { databaseUrl, dataDir } = installation.server;
    const replicas = await Promise.all([1, 2, 3].map(() => startServer({ databaseUrl, dataDir })));
    cleanUps.push(...replicas.map((replica) => () => replica.stop()));
    const { items } = await installation.must('GET', '/v1/prices/versions');
    expect(items).toHaveLength(1);
  });

  it('an older one stays readable, and a newer one takes over without a restart', async () => {
    const alone = await Installation.start();
    cleanUps.push(() => alone.stop());
    const made = await alone.project();
    const newer = {
      ...shipped,
      version: 'newer',
      models: [
        {
          provider: 'openai',
          id: 'gpt-5-mini',
          match: { equals: 'gpt-5-mini' },
          periods: [{ rates: { input: '1', output: '1' } }],
        },
      ],
    };
    await query(
      alone,
      `INSERT INTO price_tables (version, source, content, digest, effective_from) VALUES ('later', 'test', $1, '', now() + interval '1 hour'), ('newer', 'test', $2, '', now())`,
      [JSON.stringify({ ...newer, version: 'later' }), JSON.stringify(newer)],
    );
    const { databaseUrl, dataDir } = alone.server;
    const replica = await startServer({ databaseUrl, dataDir });
    cleanUps.push(() => replica.stop());
    const inForce = await alone.must('GET', '/v1/prices/versions');
    expect(inForce['items'].filter((item: Json) => item['inForce'])).toMatchObject([
      { version: 'newer' },
    ]);
    const answer = await fetch(`${replica.url}/v1/sdk/sessions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${made.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(sessionRequest()),
    });
    const { prices } = (await answer.json()) as Json;
    expect(prices).toMatchObject({ version: 'newer', models: newer.models });
    const path = `/v1/prices/versions/${String(shipped['version'])}`;
    expect((await alone.must('GET', path))['models']).toEqual(shipped['models']);
    const gone = await alone.as(alone.token, 'GET', '/v1/prices/versions/never-was');
    expect(gone.status).toBe(404);
  });
});

describe('what a project makes of the table', () => {
  it("a project's own rates beat the organization's, and those the table; a day decides", async () => {
    const [first, second] = [await project(), await project()];
    const call = usage({ input: 1_000 }, { model: 'gpt-5-nano' });
    expect(await settle(first, [call])).toBe('0.000050000');
    const shared = await installation.must('POST', '/v1/prices/overrides', {
      provider: 'openai',
      model: 'GPT-5-n*',
      rates: { input: '3', output: '1' },
      ...REASON,
    });
    const own = await installation.must('POST', '/v1/prices/overrides', {
      projectId: first.id,
      provider: 'openai',
      model: 'gpt-5-nano',
      rates: { input: '0.000001', output: '1' },
      ...REASON,
    });
    await installation.must('POST', '/v1/prices/overrides', {
      projectId: first.id,
      provider: 'openai',
      model: '*',
      from: '2999-01-01',
      rates: { input: '900', output: '900' },
      ...REASON,
    });
    expect(await settle(first, [{ ...call, id: newId() }])).toBe('0.000000001');
    expect(await settle(second, [{ ...call, id: newId() }])).toBe('0.003000000');
    expect(await lines(first.id)).toMatchObject([
      { pricing: { source: 'table', version: shipped['version'], id: 'gpt-5-nano' } },
      { pricing: { source: 'override', id: own['id'] } },
    ]);
    await installation.must('DELETE', `/v1/prices/overrides/${String(own['id'])}`);
    expect(await settle(first, [{ ...call, id: newId() }])).toBe('0.003000000');
    await installation.must('DELETE', `/v1/prices/overrides/${String(shared['id'])}`);
    expect(await settle(first, [{ ...call, id: newId() }])).toBe('0.000050000');
    const { items } = await installation.must('GET', `/v1/prices/overrides?projectId=${first.id}`);
    expect(items).toMatchObject([{ model: '*', from: '2999-01-01', ...REASON }]);
    expect((await installation.must('GET', '/v1/prices/recompute'))['ok']).toBe(true);
  });

  it("a project's mark-up replaces the organization's, and multipliers apply exactly", async () => {
    const [plain, marked] = [await project(), await project()];
    const markup = (body: object) =>
      installation.must('PUT', '/v1/prices/markup', { ...REASON, ...body });
    await markup({ basisPoints: 1_000 });
    cleanUps.push(() => markup({ basisPoints: null }));
    await markup({ projectId: marked.id, basisPoints: 1 });
    const claude = { provider: 'anthropic', model: 'claude-opus-4-6' };
    const calls = () => [
      usage({ input: 3 }),
      usage({ input: 3 }, { modifiers: ['service_tier:priority'] }),
      usage({ input: 1 }, { ...claude, modifiers: ['inference_geo:us', 'speed:fast'] }),
      usage({ input: 1 }, { modifiers: ['service_tier:flex', 'never:heard'] }),
    ];
    // In pico-dollars: 750,000; twice that; 5,000,000 × 11/10 × 6; 125,000. Then the mark-up, then up to a nano-dollar.
    const nano = (pico: bigint, basisPoints: bigint) =>
      ((pico * (10_000n + basisPoints) + 9_999_999n) / 10_000_000n).toString();
    for (const [made, basisPoints] of [
      [plain, 1_000n],
      [marked, 1n],
    ] as const) {
      await settle(made, calls());
      const expected = [750_000n, 1_500_000n, 33_000_000n, 125_000n].map((pico) =>
        nano(pico, basisPoints),
      );
      const costs = (await lines(made.id)).map(({ cost }) => cost as string);
      expect(costs.sort()).toEqual(expected.sort());
    }
    expect(await lines(marked.id)).toContainEqual(
      expect.objectContaining({
        pricing: expect.objectContaining({
          markupBasisPoints: 1,
          modifiers: ['inference_geo:us', 'speed:fast'],
          multipliers: [
            { numerator: 11, denominator: 10 },
            { numerator: 6, denominator: 1 },
          ],
        }),
      }),
    );
    const terms = await installation.must('GET', `/v1/prices/terms?projectId=${marked.id}`);
    expect(terms['markups']).toMatchObject([
      { projectId: null, basisPoints: 1_000 },
      { projectId: marked.id, basisPoints: 1 },
    ]);
  });

  it('every change is in the audit trail with its reason', async () => {
    const { items } = await installation.must('GET', '/v1/audit?limit=200');
    const actions = items.filter(({ action }: Json) => String(action).startsWith('price.'));
    expect(new Set(actions.map(({ action }: Json) => action as string))).toEqual(
      new Set(['price.override', 'price.override-remove', 'price.markup']),
    );
    expect(actions.at(-1).details).toMatchObject({ ...REASON, picoPerToken: { input: '3000000' } });
  });

  it('own rates may be dearer for long contexts, and pay for what is not paid by the token', async () => {
    const made = await project();
    const long = { aboveInputTokens: 200_000, rates: { input: '4', output: '12' } };
    const longer = { aboveInputTokens: 500_000, rates: { input: '8', output: '20' } };
    const own = await installation.must('POST', '/v1/prices/overrides', {
      projectId: made.id,
      provider: 'openai',
      model: 'gpt-5-nano',
      rates: { input: '2', output: '6', webSearches: '10000', audioSeconds: '100' },
      tiers: [longer, long],
      ...REASON,
    });
    expect(own['tiers']).toMatchObject([
      { aboveInputTokens: 200_000, rates: { input: '4.000000000' } },
      { aboveInputTokens: 500_000, rates: { input: '8.000000000' } },
    ]);
    const { prices } = await session(made);
    expect((prices as Json)['overrides'][0].tiers).toMatchObject([
      { aboveInputTokens: 200_000, rates: { input: '4000000', output: '12000000' } },
      { aboveInputTokens: 500_000 },
    ]);
    const used = (tokens: Json) =>
      settle(made, [{ ...usage(tokens, { model: 'gpt-5-nano' }), id: newId() }]);
    expect(await used({ input: 200_000 })).toBe('0.400000000');
    expect(await used({ input: 200_000, cacheRead: 1 })).toBe('0.800004000');
    expect(await used({ input: 500_001 })).toBe('4.000008000');
    expect(await used({ webSearches: 3, audioSeconds: 600 })).toBe('0.090000000');
    expect((await installation.must('GET', '/v1/prices/recompute'))['ok']).toBe(true);
    await installation.must('DELETE', `/v1/prices/overrides/${String(own['id'])}`);
    expect((await installation.must('GET', '/v1/prices/recompute'))['ok']).toBe(true);
  });

  it('keeps what it cannot mean out', async () => {
    const base = { provider: 'openai', model: 'x', rates: { input: '1', output: '1' }, ...REASON };
    const refused = async (method: string, path: string, body: object) =>
      (await installation.as(installation.token, method, path, body)).status;
    const overrides = '/v1/prices/overrides';
    for (const bad of [
      { ...base, model: '****x' },
      { ...base, model: 'a b' },
      { ...base, rates: { input: '0.0000001', output: '1' } },
      { ...base, rates: { input: '-1', output: '1' } },
      { ...base, until: '2026-01-01', from: '2026-01-01' },
      { ...base, until: '2020-01-01' },
      { ...base, reason: ' ' },
      { ...base, tiers: [{ aboveInputTokens: 0, rates: base.rates }] },
      { ...base, tiers: [1, 1].map((at) => ({ aboveInputTokens: at, rates: base.rates })) },
    ])
      expect([bad, await refused('POST', overrides, bad)]).toEqual([bad, 422]);
    const markup = { basisPoints: 100_001, ...REASON };
    expect(await refused('PUT', '/v1/prices/markup', markup)).toBe(422);
    const nobodys = { projectId: newId(), basisPoints: 1, ...REASON };
    expect(await refused('PUT', '/v1/prices/markup', nobodys)).toBe(404);
    expect(await refused('POST', overrides, { ...base, projectId: newId() })).toBe(404);
  });

  it('is nothing to another organization', async () => {
    const made = await project();
    const stranger = await secondOrganization(installation, 'Price Strangers');
    const own = await installation.must('POST', '/v1/prices/overrides', {
      provider: 'openai',
      model: 'mine-alone',
      rates: { input: '1', output: '1' },
      ...REASON,
    });
    const as = (method: string, path: string, body?: object) =>
      installation.as(stranger, method, path, body);
    const text = JSON.stringify([
      (await as('GET', '/v1/prices/overrides')).body,
      (await as('GET', '/v1/prices/terms')).body,
      (await as('GET', '/v1/prices/recompute')).body,
    ]);
    expect(text).not.toMatch(/mine-alone|agreed in November/);
    expect((await as('DELETE', `/v1/prices/overrides/${String(own['id'])}`)).status).toBe(404);
    expect((await as('GET', `/v1/prices/recompute?projectId=${made.id}`)).status).toBe(404);
    const taken = { projectId: made.id, basisPoints: 9, ...REASON };
    expect((await as('PUT', '/v1/prices/markup', taken)).status).toBe(404);
    await installation.must('DELETE', `/v1/prices/overrides/${String(own['id'])}`);
  });
});

describe('the bundle of a session', () => {
  it('has a version that changes with anything that changes a price, and only then', async () => {
    const [mine, other] = [await project(), await project()];
    const [a, b] = [await session(mine), await session(other)];
    expect(a['prices'].version).toBe(shipped['version']);
    const version = () => heartbeat(mine, a['sessionId'] as string);
    const seen = [await version()];
    const step = async (method: string, path: string, body: object) => {
      await installation.must(method, path, { projectId: mine.id, ...body, ...REASON });
      seen.push(await version());
    };
    await step('PUT', '/v1/prices/markup', { basisPoints: 5 });
    await step('PUT', '/v1/prices/ceiling', { rates: { input: '1', output: '2' } });
    const override = { provider: 'openai', model: 'x*', rates: { input: '1', output: '2' } };
    await step('POST', '/v1/prices/overrides', override);
    await step('PUT', '/v1/prices/ceiling', { rates: null });
    expect(new Set(seen).size).toBe(5);
    expect(seen.every((each) => each.startsWith(String(shipped['version'])))).toBe(true);
    expect(await heartbeat(other, b['sessionId'] as string)).toBe(shipped['version']);
    const { prices } = await session(mine);
    expect(prices).toMatchObject({
      version: seen.at(-1),
      markupBasisPoints: 5,
      overrides: [{ provider: 'openai', match: { starts_with: 'x' } }],
    });
    expect(prices.models.every((model: Json) => model['provider'] === 'openai')).toBe(true);
  });

  it('changes on other replicas too, without Redis, within seconds', async () => {
    const { databaseUrl, dataDir } = installation.server;
    const replica = await startServer({ databaseUrl, dataDir });
    cleanUps.push(() => replica.stop());
    const made = await project();
    const { sessionId } = await session(made);
    const there = async () => {
      const answer = await fetch(`${replica.url}/v1/sdk/sessions/${String(sessionId)}/heartbeat`, {
        method: 'POST',
        headers: { authorization: `Bearer ${made.key}`, 'content-type': 'application/json' },
        body: '{}',
      });
      return ((await answer.json()) as Json)['pricesVersion'] as string;
    };
    expect(await there()).toBe(shipped['version']);
    const markup = { projectId: made.id, basisPoints: 7, ...REASON };
    await installation.must('PUT', '/v1/prices/markup', markup);
    const here = await heartbeat(made, sessionId as string);
    expect(here).not.toBe(shipped['version']);
    await eventually(async () => {
      expect(await there()).toBe(here);
    }, 8_000);
  }, 20_000);

  it('is signed for its project by the key that the server tells', async () => {
    const made = await project();
    const body = await session(made);
    const { key } = await installation.must('GET', '/v1/prices/public-key');
    const owner = { organizationId: body['organization'].id, projectId: made.id };
    const prices = body['prices'];
    expect(prices.signature).toMatchObject({ algorithm: 'Ed25519', key });
    checkSignature(prices, owner, [key]);
    checkSignature(prices, owner, []);
    const check =
      (changed: Json, of = owner) =>
      () => {
        checkSignature(changed as never, of, [key]);
      };
    expect(check({ ...prices, markupBasisPoints: 1 })).toThrow(PricesNotTrustedError);
    expect(check({ ...prices, models: prices.models.slice(1) })).toThrow(PricesNotTrustedError);
    expect(check({ ...prices, signature: undefined })).toThrow(PricesNotTrustedError);
    expect(check(prices, { ...owner, projectId: newId() })).toThrow(PricesNotTrustedError);
    const { signature: _signature, ...unsigned } = prices;
    expect(check(unsigned)).toThrow(PricesNotTrustedError);
  });

  it('is believed by the SDK under the pinned key only', async () => {
    const made = await project();
    const { key } = await installation.must('GET', '/v1/prices/public-key');
    const strange = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? '';
    await expect(agent(made.key, { pricesKey: strange })).rejects.toMatchObject({
      code: 'PRICES_NOT_TRUSTED',
    });
    await expect(agent(made.key, { pricesKey: 'short' })).rejects.toMatchObject({
      code: 'CONFIGURATION',
    });
    const cage = await agent(made.key, { pricesKey: `${strange}, ${String(key)}` });
    expect((await chat(cage, 'gpt-5-mini')).status).toBe(200);
  });
});

describe('the SDK', () => {
  it('refuses an unknown model until there is a ceiling, which the server prices with too', async () => {
    const made = await project();
    const cage = await agent(made.key);
    const before = provider.requests;
    await expect(chat(cage, 'house-model-1')).rejects.toMatchObject({ code: 'UNKNOWN_MODEL' });
    expect(provider.requests).toBe(before);
    await installation.must('PUT', '/v1/prices/ceiling', {
      projectId: made.id,
      rates: { input: '4', output: '40' },
      ...REASON,
    });
    provider.setScript(() => ({ text: 'Hello.', inputTokens: 30, outputTokens: 7 }));
    await eventually(async () => {
      expect((await chat(cage, 'house-model-1')).status).toBe(200);
    }, 15_000);
    await cage.close();
    await eventually(async () => {
      expect(await lines(made.id)).toMatchObject([
        {
          model: 'house-model-1',
          cost: '400000',
          client: '400000',
          by: 'table',
          pricing: { source: 'ceiling', rates: { input: '4000000', output: '40000000' } },
        },
      ]);
    });
    expect((await installation.must('GET', '/v1/prices/recompute'))['ok']).toBe(true);
  }, 30_000);

  it('prices the tier and the place that the provider tells, as the server does', async () => {
    const made = await project();
    await installation.must('POST', '/v1/secrets', {
      name: `anthropic ${made.id}`,
      provider: 'anthropic',
      projectId: made.id,
      fields: { ANTHROPIC_API_KEY: 'sk-ant-test-0123456789' },
    });
    const cage = await agent(made.key, {}, answers);
    await chat(cage, 'gpt-5-mini');
    await chat(cage, 'gpt-5-mini', { stream: true }).then((response) => response.text());
    const post = async (url: string, body: object): Promise<void> => {
      const response = await cage.fetch(url, { method: 'POST', body: JSON.stringify(body) });
      await response.text();
    };
    const input = { model: 'gpt-5-mini', input: 'Hello', max_output_tokens: 50 };
    await post(`${provider.url}/v1/responses`, input);
    await post(`${provider.url}/v1/responses`, { ...input, stream: true });
    const messages = [{ role: 'user', content: 'Hello' }];
    const claude = { model: 'claude-opus-4-6', max_tokens: 50, messages };
    await post('https://api.anthropic.com/v1/messages', claude);
    await post('https://api.anthropic.com/v1/messages', { ...claude, stream: true });
    await cage.close();
    await eventually(async () => {
      const booked = await lines(made.id);
      for (const { cost, client } of booked) expect(cost).toBe(client);
      // Calls of one millisecond have no order.
      const told = booked.map(({ cost, pricing }) => `${cost} ${pricing.modifiers.join(' ')}`);
      expect(told.sort()).toEqual(
        [
          '500000 service_tier:priority',
          '125000 service_tier:flex',
          '500000 service_tier:priority',
          '125000 service_tier:flex',
          '5500000 inference_geo:us',
          '33000000 inference_geo:us speed:fast',
        ].sort(),
      );
    });
  }, 30_000);

  it('counts mark-up and own rates to the nano-dollar', async () => {
    const made = await project();
    await installation.must('PUT', '/v1/prices/markup', {
      projectId: made.id,
      basisPoints: 333,
      ...REASON,
    });
    await installation.must('POST', '/v1/prices/overrides', {
      projectId: made.id,
      provider: 'openai',
      model: 'house-*',
      rates: { input: '1.234567', output: '9.876543' },
      ...REASON,
    });
    const cage = await agent(made.key);
    provider.setScript(() => ({ text: 'Hello.', inputTokens: 31, outputTokens: 7 }));
    await chat(cage, 'house-model');
    await chat(cage, 'gpt-5-mini');
    await chat(cage, 'gpt-5-mini', { stream: true }).then((response) => response.text());
    await cage.close();
    await eventually(async () => {
      const booked = await lines(made.id);
      expect(booked).toHaveLength(3);
      for (const { cost, client } of booked) expect(cost).toBe(client);
    });
  }, 30_000);

  it('a settlement for a model that nothing prices is booked as the client says, and marked', async () => {
    const made = await project();
    const unknown = usage({ input: 5 }, { model: 'nobody-knows', cost: '0.000000123' });
    expect(await settle(made, [unknown])).toBe('0.000000123');
    expect(await lines(made.id)).toMatchObject([{ by: 'client', pricing: { source: 'client' } }]);
  });
});

/** Providers that say how they served a call of 1,000 input tokens. */
const answers: typeof fetch = async (url, init) => {
  const body = JSON.parse(init?.body as string) as Json;
  const address = new Request(url).url;
  const claude = (extra: object) => ({ input_tokens: 1_000, output_tokens: 0, ...extra });
  const geo = { service_tier: 'standard', inference_geo: 'us' };
  const chatUsage = { prompt_tokens: 1_000, completion_tokens: 0 };
  const response = { usage: { input_tokens: 1_000, output_tokens: 0 } };
  const pick = (whole: object, ...events: object[]): Response => {
    if (body['stream'] !== true) return Response.json(whole);
    const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
    return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
  };
  if (address.endsWith('/messages')) {
    return pick(
      { usage: claude(geo) },
      { type: 'message_start', message: { usage: claude({ ...geo, speed: 'fast' }) } },
      { type: 'message_delta', usage: { output_tokens: 0 } },
    );
  }
  if (address.endsWith('/responses')) {
    return pick(
      { service_tier: 'priority', ...response },
      { type: 'response.completed', response: { service_tier: 'flex', ...response } },
    );
  }
  return pick(
    { service_tier: 'priority', usage: chatUsage },
    { service_tier: 'flex', choices: [{ delta: {}, finish_reason: 'stop' }] },
    { choices: [], usage: chatUsage },
  );
};

describe('recomputing', () => {
  it('adds up to what was booked, and finds a single changed nano-dollar', async () => {
    const made = await project();
    for (let round = 0; round < 3; round += 1) {
      const records = Array.from({ length: 900 }, (_, index) =>
        usage({ input: index, output: round }, { modifiers: ['service_tier:flex'] }),
      );
      await settle(made, records);
    }
    const path = `/v1/prices/recompute?projectId=${made.id}`;
    const fine = await installation.must('GET', path);
    expect(fine).toMatchObject({ ok: true, count: 2_700, mismatched: 0, unverifiable: 0 });
    expect(fine['derived']).toBe(fine['booked']);
    expect(fine['booked']).toBe((await installation.balance(made.id)).spent);
    const [victim] = await query<{ id: string }>(
      installation,
      `UPDATE usage_records SET cost_nano = cost_nano + 1 WHERE id IN (SELECT id FROM usage_records WHERE project_id = $1 ORDER BY id DESC LIMIT 1) RETURNING id`,
      [made.id],
    );
    const broken = await installation.must('GET', path);
    expect(broken).toMatchObject({ ok: false, count: 2_700, mismatched: 1 });
    expect(broken['mismatches']).toMatchObject([{ id: victim?.id, model: 'gpt-5-mini' }]);
    const { code, out } = await cli(['prices', 'recompute', '--project', made.name]);
    expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining(victim?.id ?? '-') });
    await query(installation, 'UPDATE usage_records SET cost_nano = cost_nano - 1 WHERE id = $1', [
      victim?.id,
    ]);
    expect((await cli(['prices', 'recompute', '--project', made.name])).code).toBe(0);
  }, 60_000);

  it('says what it cannot check, and refuses a range that is too long', async () => {
    const made = await project();
    await settle(made, [usage({ input: 1_000 })]);
    await query(installation, 'UPDATE usage_records SET pricing = NULL WHERE project_id = $1', [
      made.id,
    ]);
    const path = `/v1/prices/recompute?projectId=${made.id}`;
    expect(await installation.must('GET', path)).toMatchObject({
      ok: true,
      count: 0,
      unverifiable: 1,
      unverifiableBooked: '0.000250000',
    });
    for (const range of [
      'from=2026-01-01T00:00:00Z&to=2026-02-02T00:00:00Z',
      'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
    ]) {
      const { status } = await installation.as(
        installation.token,
        'GET',
        `/v1/prices/recompute?${range}`,
      );
      expect(status).toBe(422);
    }
  });
});

describe('the command line', () => {
  it('lists, overrides, marks up and sets ceilings', async () => {
    const made = await project();
    const list = await cli(['prices', 'list', '--provider', 'openai', '--search', 'gpt-5-mini']);
    expect(list.out).toMatch(/openai +gpt-5-mini +\$0\.25/);
    expect(list.out).not.toMatch(/anthropic/);
    expect((await cli(['prices', '--search', 'gpt-5-mini'])).out).toMatch(/gpt-5-mini/);
    expect((await cli(['prices', 'versions'])).out).toMatch(/in force/);
    const { key } = await installation.must('GET', '/v1/prices/public-key');
    expect((await cli(['prices', 'public-key'])).out.trim()).toBe(key);
    const scope = ['--project', made.name, '--reason', 'a deal'];
    const rates = ['--input', '1.5', '--output', '2'];
    const set = await cli(['prices', 'override', 'openai', 'gpt-5*', ...rates, ...scope]);
    expect(set.code).toBe(0);
    const id = /override-remove (\S+)/.exec(set.out)?.[1] ?? '';
    expect((await cli(['prices', 'overrides', '--project', made.name])).out).toContain(id);
    expect((await cli(['prices', 'override-remove', id])).code).toBe(0);
    const speech = ['--audio-minute', '0.006', '--web-search', '0.01'];
    const long = ['--long-context', '200000', '--long-input', '3', '--long-output', '4'];
    const paid = await cli(['prices', 'override', 'openai', 'my-*', ...speech, ...long, ...scope]);
    expect(paid.out).toMatch(/input \$0\.00.*web search \$0\.01, minute of audio \$0\.006/);
    expect(paid.out).toMatch(/above 200000 tokens input \$3/);
    expect((await cli(['prices', 'override', 'openai', 'x', ...long, ...scope])).code).toBe(2);
    const half = await cli([
      'prices',
      'override',
      'openai',
      'x',
      ...rates,
      '--long-input',
      '3',
      ...scope,
    ]);
    expect(half.code).toBe(2);
    expect((await cli(['prices', 'markup', '2.5', ...scope])).out).toMatch(/Mark-up.*2\.5 %/);
    expect((await cli(['prices', 'markup', '--remove', ...scope])).code).toBe(0);
    expect((await cli(['prices', 'markup', 'much', ...scope])).code).toBe(2);
    expect((await cli(['prices', 'ceiling', ...rates, ...scope])).out).toMatch(/Ceiling/);
    expect((await cli(['prices', 'ceiling', '--remove', ...scope])).code).toBe(0);
    expect((await cli(['prices', 'ceiling', ...scope])).code).toBe(2);
  });
});

async function cli(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  if (home === '') {
    // One login for all: an address may sign in ten times a minute.
    home = mkdtempSync(path.join(tmpdir(), 'ic-prices-cli-'));
    await cli(['login', '--email', OWNER.email, '--password-stdin']);
  }
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(args[0] === 'login' ? OWNER.password : '');
  const environment = readEnvironment({
    XDG_CONFIG_HOME: home,
    IRON_CAGE_URL: installation.url,
  });
  const streams = { stdin, stdout, stderr } as unknown as Streams;
  const code = await runCommandLine(args, streams, environment);
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}
