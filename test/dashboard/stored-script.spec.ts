import { newId } from '../../src/kernel/ids.js';
import { callFrom } from '../harness/call-from.js';
import { Installation, OWNER } from '../harness/installation.js';
import { describeInBrowser, Visitor } from './browser.js';

/** Each would call `ran` if anything took it for more than text. */
const PAYLOADS = [
  '<img src=x onerror=ran()>',
  '"><svg onload=ran()>',
  "'-ran()-'",
  '{{constructor.constructor("ran()")()}}',
  'javascript:ran()',
  '</script><script>ran()</script>',
];
const PAGES = [
  '',
  'projects',
  'budgets',
  'budgets/requests',
  'agents?state=all',
  'leases?state=all',
  'keys',
  'vault',
  'members',
  'prices',
  'audit',
  'settings',
  'start',
];
const PARTS = ['', '/keys', '/secrets', '/budgets', '/ledger', '/policy'];

describeInBrowser('text that somebody stored to run in the pages of others', () => {
  let installation: Installation;
  let visitor: Visitor;
  let projectId = '';
  beforeAll(async () => {
    installation = await Installation.start();
    projectId = await fill(installation);
    visitor = await Visitor.open(installation.url);
    await visitor.context.addInitScript('window.ran = () => { window.hasRun = true; };');
    visitor.page.on('dialog', (dialog) => void dialog.dismiss());
    await visitor.enter();
  });
  afterAll(async () => {
    await visitor.close();
    await installation.stop();
  });

  it('is shown as text on every page, and nothing runs', async () => {
    const { page } = visitor;
    let shown = 0;
    for (const where of [...PAGES, ...PARTS.map((part) => `projects/${projectId}${part}`)]) {
      await visitor.walk(where);
      await visitor.settled();
      const text = await page.locator('body').innerText();
      shown += PAYLOADS.filter((payload) => text.includes(payload)).length;
      expect([where, await page.evaluate('window.hasRun === true')]).toEqual([where, false]);
      const planted = await page
        .locator('img[src="x"], [onerror], [onload], a[href^="javascript:"]')
        .count();
      expect([where, planted]).toEqual([where, 0]);
    }
    expect(shown).toBeGreaterThan(20);
    expect(visitor.problems).toEqual([]);
  }, 120_000);

  it('would have run, had a page taken it for markup', async () => {
    const page = await visitor.context.newPage();
    await page.setContent(PAYLOADS[0] ?? '');
    await page.waitForFunction('window.hasRun === true');
    await page.close();
  });
});

/** One of each thing that has a text of its own, with every payload in turn. @returns a project full of them */
async function fill(site: Installation): Promise<string> {
  let turn = 0;
  const text = () => `${PAYLOADS[turn++ % PAYLOADS.length] ?? ''} ${turn}`;
  await site.must('PATCH', '/v1/organization', { name: text() });
  let first = '';
  for (let i = 0; i < PAYLOADS.length; i++) {
    const project = await site.project({ name: text(), deposit: '5', secret: false });
    first = first === '' ? project.id : first;
    const provider = { provider: 'openai', fields: { OPENAI_API_KEY: 'sk-test-0123456789abcdef' } };
    await site.must('POST', '/v1/secrets', { name: text(), projectId: first, ...provider });
    const keyed = { name: text(), environment: 'dev' };
    const { secret: key } = await site.must('POST', `/v1/projects/${first}/keys`, keyed);
    await site.must('POST', `/v1/projects/${first}/deposits`, {
      requestId: newId(),
      amount: '1',
      reason: text(),
    });
    await site.must('POST', '/v1/members', {
      email: `x${i}@acme.test`,
      name: text(),
      role: 'viewer',
      password: OWNER.password,
    });
    for (const ip of ['127.0.0.5', '127.0.0.6']) await startAgent(site, key as string, ip, text);
    await site.must('POST', '/v1/budget-requests', {
      id: newId(),
      projectId: first,
      amount: '1',
      reason: text(),
    });
    await spending(site, first, text);
    await pricing(site, first, text);
    await site.must('POST', `/v1/projects/${project.id}/pause`, { reason: text() });
  }
  return first;
}

/** Budgets, their raises, recurring deposits and corrections. */
async function spending(site: Installation, projectId: string, text: () => string): Promise<void> {
  const budget = await site.must('POST', '/v1/budgets', {
    scope: 'project',
    scopeId: projectId,
    window: 'day',
    limit: '100',
    tags: [text(), text()],
  });
  const raise = { requestId: newId(), amount: '1', reason: text() };
  await site.must('POST', `/v1/budgets/${budget['id']}/raises`, raise);
  const refill = { mode: 'add', amount: '1', window: 'month' };
  await site.must('POST', `/v1/projects/${projectId}/refills`, refill);
  const correction = { requestId: newId(), amount: '0.1', reason: text() };
  await site.must('POST', `/v1/projects/${projectId}/corrections`, correction);
  const ask = { id: newId(), projectId, amount: '1', reason: text() };
  const { id } = await site.must('POST', '/v1/budget-requests', ask);
  await site.must('POST', `/v1/budget-requests/${id}/decline`, { note: text() });
}

/** Own rates, markup and ceiling, each with its reason. */
async function pricing(site: Installation, projectId: string, text: () => string): Promise<void> {
  const rates = { input: '1', output: '2' };
  await site.must('POST', '/v1/prices/overrides', {
    projectId,
    provider: 'openai',
    model: `own-${newId()}`,
    rates,
    reason: text(),
  });
  await site.must('PUT', '/v1/prices/markup', { projectId, basisPoints: 100, reason: text() });
  await site.must('PUT', '/v1/prices/ceiling', { projectId, rates, reason: text() });
}

async function startAgent(
  site: Installation,
  key: string,
  ip: string,
  text: () => string,
): Promise<void> {
  const body = {
    protocol: 1,
    publicKey: Buffer.alloc(32, 9).toString('base64url'),
    nonce: Buffer.alloc(16, 7).toString('base64url'),
    agent: { name: text(), sdk: text(), runtime: text(), host: text(), pid: 1 },
  };
  const { body: session } = await callFrom(ip, site.url, 'POST', '/v1/sdk/sessions', {
    token: key,
    body,
  });
  if (ip !== '127.0.0.5') return;
  const lease = { leaseId: newId(), sessionId: session['sessionId'], wanted: '0.1', minimum: '0' };
  await callFrom(ip, site.url, 'POST', '/v1/sdk/leases', { token: key, body: lease });
}
