import { callFrom } from '../harness/call-from.js';
import { Installation, type ProjectFixture, sessionRequest } from '../harness/installation.js';
import { openLease } from './agent.js';
import { describeInBrowser, Visitor } from './browser.js';

describeInBrowser('running agents', () => {
  let installation: Installation;
  let project: ProjectFixture;
  let visitor: Visitor;
  beforeAll(async () => {
    installation = await Installation.start();
    visitor = await Visitor.open(installation.url);
    await visitor.enter();
    project = await installation.project({ name: 'Contract review', deposit: '5' });
  });
  afterAll(async () => {
    await visitor.close();
    await installation.stop();
  });
  afterEach(() => expect(visitor.problems).toEqual([]));

  it('are seen with what they hold, and stopped', async () => {
    const { page } = visitor;
    const { sessionId } = await openLease(installation, project.key);
    await visitor.walk('agents');
    await visitor.settled();
    const row = page.getByRole('row', { name: /test-agent/ });
    await row.getByText('$0.50').waitFor();
    await visitor.button('Stop test-agent').click();
    await visitor.press('Stop agent');
    await page.getByText('No agent runs now').first().waitFor();
    const { items } = await installation.must('GET', '/v1/sessions');
    expect(items).toMatchObject([{ id: sessionId, state: 'killed', openLeases: 0 }]);
    expect(await installation.balance(project.id)).toMatchObject({ leased: '0.000000000' });
  });

  it('whose key is blocked are released with one click', async () => {
    const { page } = visitor;
    for (const ip of ['127.0.0.5', '127.0.0.6'])
      await callFrom(ip, installation.url, 'POST', '/v1/sdk/sessions', {
        token: project.key,
        body: sessionRequest(),
      });
    await page
      .getByText(/was used from 127.* at the same time/)
      .first()
      .waitFor();
    await page.getByText('Key blocked').first().waitFor();
    await visitor.button('Release key agent').click();
    await page.getByText('Key agent is released.').first().waitFor();
    await page.getByText('Key blocked').first().waitFor({ state: 'detached' });
    const { items } = await installation.must('GET', '/v1/keys');
    expect(items).toMatchObject([{ state: 'active' }]);
  });

  it('belong to a project that says what is strange', async () => {
    const { page } = visitor;
    await visitor.walk(`projects/${project.id}/policy`);
    await visitor.settled();
    await page.getByLabel('One key in several places at once').selectOption('alert');
    const groups = page.getByLabel('Addresses that count as one place');
    await groups.fill('127.0.0.0/8');
    await groups.blur();
    await page.getByText('"127.0.0.0/8" is not a group.').first().waitFor();
    await groups.fill('This machine: 127.0.0.0/8');
    await visitor.button('Save').click();
    await page.getByText('It counts for every use of a key').first().waitFor();
    expect(await installation.must('GET', `/v1/projects/${project.id}/anomaly-policy`)).toEqual({
      addresses: 'alert',
      velocity: 'alert',
      groups: [{ name: 'This machine', ranges: ['127.0.0.0/8'] }],
    });
  });
});
