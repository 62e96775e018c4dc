import { Installation, type Json, sessionRequest } from '../harness/installation.js';
import { describeInBrowser, Visitor } from './browser.js';

describeInBrowser('an answer that is lost on its way', () => {
  let installation: Installation;
  let visitor: Visitor;
  beforeAll(async () => {
    installation = await Installation.start();
    await installation.project({ name: 'Research' });
    visitor = await Visitor.open(installation.url);
    await visitor.enter();
  });
  afterAll(async () => {
    await visitor.close();
    await installation.stop();
  });

  /** The server does what it is asked, and the browser never hears of it. */
  async function loseOneAnswer(address: string): Promise<void> {
    await visitor.page.route(
      address,
      async (route) => {
        await route.fetch();
        await route.abort();
      },
      { times: 1 },
    );
  }

  async function open(page: string, button: string): Promise<void> {
    await visitor.walk(page);
    await visitor.settled();
    await visitor.button(button).first().click();
    await visitor.dialog().waitFor();
  }

  const items = async (address: string): Promise<Json[]> =>
    (await installation.must('GET', address))['items'] as Json[];

  it('does not set own rates twice', async () => {
    await open('prices', 'Set own rates');
    const dialog = visitor.dialog();
    for (const [label, value] of [
      ['Provider', 'openai'],
      ['Model', 'gpt-5-mini'],
      ['Input, 1M tokens', '0.20'],
      ['Output, 1M tokens', '1.60'],
      ['Reason', 'Contract'],
    ] as const)
      await dialog.getByLabel(label, { exact: true }).first().fill(value);
    await loseOneAnswer('**/v1/prices/overrides');
    await visitor.press('Set rates');
    await dialog.getByText('The server cannot be reached.').waitFor();
    expect(await items('/v1/prices/overrides')).toHaveLength(1);
    await visitor.press('Set rates');
    await dialog.waitFor({ state: 'detached' });
    expect(await items('/v1/prices/overrides')).toHaveLength(1);
  }, 60_000);

  it('does not make a key twice, and the secret that is shown then works', async () => {
    await open('keys', 'Create key');
    const dialog = visitor.dialog();
    await dialog.getByLabel('Name', { exact: true }).fill('only-once');
    await dialog.getByLabel('Project', { exact: true }).selectOption('Research');
    await loseOneAnswer('**/v1/projects/*/keys');
    await visitor.press('Create key');
    await dialog.getByText('The server cannot be reached.').waitFor();
    await visitor.press('Create key');
    const shown = dialog.getByText(/^ic_dev_/).first();
    await shown.waitFor();
    const secret = ((await shown.textContent()) ?? '').trim();
    const named = (await items('/v1/keys')).filter(({ name }) => name === 'only-once');
    expect(named).toHaveLength(1);
    const agent = await installation.as(secret, 'POST', '/v1/sdk/sessions', sessionRequest());
    expect(agent.status).toBe(201);
    await visitor.press('I have stored it');
    await dialog.waitFor({ state: 'detached' });
  }, 60_000);

  it('of a rotation does not stop the agents that hold the old secret', async () => {
    const project = await installation.project({ name: 'Rotating' });
    const { secret: old } = await installation.must<{ secret: string }>(
      'POST',
      `/v1/projects/${project.id}/keys`,
      { name: 'in-use', environment: 'dev' },
    );
    // On another page first: the list of keys is read again.
    await visitor.walk('projects');
    await visitor.walk('keys');
    await visitor.settled();
    await visitor.button('Rotate in-use').first().click();
    const dialog = visitor.dialog();
    await dialog.waitFor();
    await loseOneAnswer('**/v1/keys/*/rotation');
    await visitor.press('Rotate key');
    await dialog.getByText('The server cannot be reached.').waitFor();
    await visitor.press('Rotate key');
    const shown = dialog.getByText(/^ic_dev_/).first();
    await shown.waitFor();
    for (const secret of [old, ((await shown.textContent()) ?? '').trim()]) {
      const agent = await installation.as(secret, 'POST', '/v1/sdk/sessions', sessionRequest());
      expect(agent.status).toBe(201);
    }
  }, 60_000);
});
