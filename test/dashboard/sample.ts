import { newId } from '../../src/kernel/ids.js';
import { callFrom } from '../harness/call-from.js';
import {
  type Installation,
  type Json,
  type ProjectFixture,
  sessionRequest,
  usage,
} from '../harness/installation.js';
import { openLease, settle } from './agent.js';

/** What the pages look like in use: every state that a key, a budget, a lease, an agent or a secret can be in. */
export async function fillWithSamples(installation: Installation): Promise<ProjectFixture> {
  const review = await installation.project({ name: 'Contract review', deposit: '1250' });
  const support = await installation.project({
    name: 'Customer support in twenty-three languages, with a name that is long',
    deposit: '80',
  });
  const outreach = await installation.project({ name: 'Sales outreach', deposit: '3' });
  await installation.project({ name: 'Nightly evaluation', secret: false });
  const filings = await installation.project({
    name: 'Quarterly regulatory filings: Europe, Middle East and Africa',
    deposit: '12345678.901',
  });
  await installation.must('POST', '/v1/budgets', {
    scope: 'project',
    scopeId: filings.id,
    window: 'month',
    limit: '12345678.901',
  });
  await addPeople(installation);
  await addSecrets(installation, review);
  await addKeys(installation, review);
  await addPrices(installation, support);
  await addBudgets(installation, review, support);
  await runAgents(installation, review, support);
  for (const ip of ['127.0.0.5', '127.0.0.6'])
    await callFrom(ip, installation.url, 'POST', '/v1/sdk/sessions', {
      token: outreach.key,
      body: sessionRequest(),
    });
  await installation.must('POST', `/v1/projects/${outreach.id}/pause`, { reason: 'Prompt loop' });
  return review;
}

async function addPeople(installation: Installation): Promise<void> {
  const people = [
    ['Wilhelmina Featherstonehaugh-Cholmondeley', 'admin'],
    ['Jun', 'developer'],
    ['Finance', 'viewer'],
  ] as const;
  for (const [at, [name, role]] of people.entries())
    await installation.must('POST', '/v1/members', {
      email: `person.number.${at}@a-rather-long-department.acme.test`,
      name,
      role,
      password: 'the password of a sample',
    });
}

async function addSecrets(installation: Installation, { id }: ProjectFixture): Promise<void> {
  const add = (body: object): Promise<Json> => installation.must('POST', '/v1/secrets', body);
  const { id: secretId } = await add({
    name: 'anthropic for everybody',
    provider: 'anthropic',
    fields: { ANTHROPIC_API_KEY: 'sk-ant-sample-0123456789' },
  });
  for (const version of [2, 3])
    await installation.must('POST', `/v1/secrets/${secretId}/versions`, {
      fields: { ANTHROPIC_API_KEY: `sk-ant-sample-012345678${version}` },
    });
  await add({
    name: 'azure, eastern united states',
    provider: 'azure',
    projectId: id,
    environment: 'live',
    hosts: ['a-very-long-resource-name.openai.azure.com', 'another.openai.azure.com'],
    fields: { AZURE_OPENAI_API_KEY: 'azure-sample-0123456789' },
  });
}

async function addKeys(installation: Installation, { id }: ProjectFixture): Promise<void> {
  const create = (body: object): Promise<Json> =>
    installation.must('POST', `/v1/projects/${id}/keys`, { environment: 'dev', ...body });
  await create({ name: 'never used', expiresInDays: 1 });
  const revoked = await create({ name: 'left on a laptop' });
  await installation.must('DELETE', `/v1/keys/${revoked['key'].id}`);
  const rotated = await create({ name: 'production crawler', environment: 'live' });
  await installation.must('POST', `/v1/keys/${rotated['key'].id}/rotation`, {
    overlapMinutes: 60,
  });
  await create({
    name: 'narrowed in every way there is',
    environment: 'live',
    allowedAddresses: ['10.0.0.0/8', '192.168.17.0/24', '2001:db8::/32'],
    models: ['gpt-5*', 'claude-haiku-4-5'],
    requestsPerMinute: 600,
    spendCap: '12.5',
    scopes: ['bootstrap', 'lease'],
  });
}

async function addPrices(installation: Installation, { id }: ProjectFixture): Promise<void> {
  await installation.must('POST', '/v1/prices/overrides', {
    provider: 'openai',
    model: 'gpt-5-mini',
    rates: { input: '0.20', output: '1.60' },
    reason: 'Contract of 2026 with volume discount',
  });
  await installation.must('POST', '/v1/prices/overrides', {
    projectId: id,
    provider: 'anthropic',
    model: 'claude-*',
    rates: { input: '0.9', output: '4.5', cacheRead: '0.09' },
    tiers: [{ aboveInputTokens: 200_000, rates: { input: '1.8', output: '6.75' } }],
    until: '2099-01-01',
    reason: 'Reseller',
  });
  const rates = { input: '15', output: '75', webSearches: '10000' };
  await installation.must('PUT', '/v1/prices/ceiling', { rates, reason: 'Under evaluation' });
  await installation.must('PUT', '/v1/prices/markup', {
    projectId: id,
    basisPoints: 250,
    reason: 'Internal cost centre',
  });
}

async function addBudgets(
  installation: Installation,
  review: ProjectFixture,
  support: ProjectFixture,
): Promise<void> {
  const add = (body: object): Promise<Json> => installation.must('POST', '/v1/budgets', body);
  await add({ scope: 'organization', window: 'month', limit: '2000' });
  const daily = await add({
    scope: 'project',
    scopeId: review.id,
    window: 'day',
    limit: '4',
    models: ['gpt-5*', 'claude-*'],
  });
  await add({ scope: 'project', scopeId: support.id, window: 'week', limit: '1.2' });
  await add({ scope: 'key', scopeId: review.keyId, window: 'total', limit: '25.000000001' });
  await installation.must('POST', `/v1/budgets/${daily['id']}/raises`, {
    requestId: newId(),
    amount: '2.5',
    reason: 'Launch week',
  });
  const ask = async (amount: string, reason: string, budgetId?: string): Promise<string> => {
    const { body } = await installation.as(review.key, 'POST', '/v1/sdk/budget-requests', {
      id: newId(),
      amount,
      reason,
      ...(budgetId !== undefined && { budgetId }),
    });
    return body['id'] as string;
  };
  const granted = await ask('1', 'Two more contracts came in', daily['id'] as string);
  await installation.must('POST', `/v1/budget-requests/${granted}/approve`, { note: 'Once' });
  const refused = await ask('500', 'Everything at once');
  await installation.must('POST', `/v1/budget-requests/${refused}/decline`, {
    note: 'Too much; ask again with the number of contracts, please.',
  });
  await ask('7.5', 'The audit of the third quarter takes longer than we thought, by two days');
  await ask('2', 'A big file', daily['id'] as string);
  await installation.must('POST', `/v1/projects/${review.id}/refills`, {
    mode: 'add-with-cap',
    amount: '50',
    cap: '500',
    window: 'week',
  });
}

async function runAgents(
  installation: Installation,
  review: ProjectFixture,
  support: ProjectFixture,
): Promise<void> {
  const lease = await openLease(installation, review.key);
  await settle(installation, review.key, lease, { input: 6_300_000, output: 1_240_000 });
  await openLease(installation, review.key, lease.sessionId);
  const second = await openLease(installation, review.key);
  await installation.must('POST', `/v1/leases/${second.leaseId}/revoke`);
  const third = await openLease(installation, support.key);
  const { body } = await installation.as(
    support.key,
    'POST',
    `/v1/sdk/leases/${third.leaseId}/settlements`,
    {
      sessionId: third.sessionId,
      seq: 1,
      usage: [
        usage({ input: 120_000, output: 20_000 }, { model: 'gpt-5' }),
        usage({ input: 200_000, output: 90_000 }, { model: 'gpt-5-nano' }),
        usage({ input: 4_000 }, { model: 'text-embedding-3-large', outcome: 'failed' }),
        usage(
          { input: 30_000, output: 44_000 },
          { provider: 'anthropic', model: 'claude-haiku-4-5', outcome: 'aborted', estimated: true },
        ),
      ],
      final: false,
    },
  );
  if (body['error'] !== undefined) throw new Error(JSON.stringify(body));
  const killed = await openLease(installation, review.key);
  await installation.must('POST', `/v1/sessions/${killed.sessionId}/kill`, { reason: 'Runaway' });
}
