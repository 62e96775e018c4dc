import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Installation, type Json } from '../harness/installation.js';
import { query } from '../harness/people.js';
import { sealedSession } from '../harness/vault.js';
import { describeInBrowser, LOOKS, Visitor } from './browser.js';

const SCREENSHOTS = process.env['DASHBOARD_SCREENSHOTS'];

describeInBrowser('a secret in the vault', () => {
  let installation: Installation;
  let visitor: Visitor;
  beforeAll(async () => {
    installation = await Installation.start();
    visitor = await Visitor.open(installation.url);
    await visitor.enter();
  });
  afterAll(async () => {
    await visitor.close();
    await installation.stop();
  });

  it('is sent elsewhere when somebody edits it, and a mistake is told before anything is sent', async () => {
    const { page } = visitor;
    const project = await installation.project();
    await visitor.walk('vault');
    await visitor.settled();
    await visitor.button(/^Edit/).click();
    const dialog = visitor.dialog();
    await dialog.getByLabel('Hosts').fill('https://llm.example.com');
    await visitor.press('Save');
    await dialog.getByText('is not a host').waitFor();
    await dialog.getByLabel('Hosts').fill('llm.example.com, api.openai.com');
    await dialog.getByLabel('Paths').fill('/v1/');
    await dialog.getByLabel('Header').fill('authorization: Bearer {secret}');
    await visitor.press('Save');
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('llm.example.com').first().waitFor();
    const { items } = await installation.must('GET', `/v1/secrets?projectId=${project.id}`);
    expect(items).toMatchObject([
      {
        hosts: ['llm.example.com', 'api.openai.com'],
        paths: ['/v1/'],
        header: { name: 'authorization', value: 'Bearer {secret}' },
        metered: true,
      },
    ]);
    expect(visitor.problems).toEqual([]);
  }, 60_000);

  it('that was changed past the server says so', async () => {
    const project = await installation.project();
    const { items } = await installation.must('GET', `/v1/secrets?projectId=${project.id}`);
    const id = (items as Json[])[0]?.['id'] as string;
    await query(
      installation,
      `UPDATE provider_secrets SET hosts = '{evil.example}' WHERE id = $1`,
      [id],
    );
    expect((await sealedSession(installation.url, project.key)).answer.status).toBe(500);
    await visitor.walk('');
    await visitor.settled();
    await visitor.walk('vault');
    await visitor.settled();
    await visitor.page.getByText('Altered', { exact: true }).waitFor();
    await visitor.page.getByText('delete it and store it anew').waitFor();
    const flaws: string[] = [];
    for (const look of LOOKS) {
      await visitor.look(look);
      flaws.push(...(await visitor.flaws()));
      if (SCREENSHOTS === undefined) continue;
      mkdirSync(SCREENSHOTS, { recursive: true });
      const name = `vault-problem-${look.colorScheme}-${String(look.viewport.width)}.png`;
      await visitor.page.screenshot({ path: path.join(SCREENSHOTS, name) });
    }
    expect(flaws).toEqual([]);
  }, 120_000);
});
