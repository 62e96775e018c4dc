import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Installation } from '../harness/installation.js';
import { describeInBrowser, DESKTOP, LOOKS, PHONE, Visitor } from './browser.js';
import { fillWithSamples } from './sample.js';

const PAGES = [
  '',
  'projects',
  'budgets',
  'agents',
  'leases',
  'alerts',
  'keys',
  'vault',
  'members',
  'prices',
  'audit',
  'settings',
];
const PROJECT_PARTS = ['', '/keys', '/secrets', '/budgets', '/ledger', '/policy'];
/** Set to a folder to look at the pages. */
const SCREENSHOTS = process.env['DASHBOARD_SCREENSHOTS'];
const LIMIT_MS = 120_000;

describeInBrowser('every page', () => {
  let installation: Installation;
  let projectId = '';
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
  afterEach(() => expect(visitor.problems).toEqual([]));

  async function look(paths: readonly string[], name: string): Promise<string[]> {
    const flaws: string[] = [];
    for (const where of paths) {
      await visitor.walk(where);
      await visitor.settled();
      flaws.push(...(await visitor.flaws()).map((flaw) => `/${where} ${flaw}`));
      await screenshot(`${name}-${where.replaceAll('/', '-')}`);
    }
    return flaws;
  }

  async function screenshot(name: string): Promise<void> {
    if (SCREENSHOTS === undefined) return;
    mkdirSync(SCREENSHOTS, { recursive: true });
    await visitor.page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });
  }

  it(
    'explains itself while there is nothing to show',
    async () => {
      expect(await look([...PAGES, 'start', 'no-such-page'], 'empty')).toEqual([]);
    },
    LIMIT_MS,
  );

  it('is filled for the rest', async () => {
    projectId = (await fillWithSamples(installation)).id;
  });

  it.each(LOOKS)(
    'is accessible and fits: $colorScheme, $viewport.width px',
    async ({ colorScheme, viewport }) => {
      await visitor.look({ colorScheme, viewport });
      const parts = PROJECT_PARTS.map((part) => `projects/${projectId}${part}`);
      const name = `${colorScheme}-${viewport.width}`;
      expect(await look([...PAGES, ...parts, 'start'], name)).toEqual([]);
    },
    LIMIT_MS,
  );

  it.each([LOOKS[1], LOOKS[2]])(
    'has accessible dialogs: $colorScheme, $viewport.width px',
    async ({ colorScheme, viewport }) => {
      await visitor.look({ colorScheme, viewport });
      const dialogs = [
        ['projects', 'Create project'],
        [`projects/${projectId}`, 'Deposit'],
        [`projects/${projectId}`, 'More for Contract review', 'Withdraw'],
        [`projects/${projectId}`, 'More for Contract review', 'Archive'],
        [`projects/${projectId}`, 'Pause'],
        [`projects/${projectId}`, 'Revoke the lease of test-agent'],
        [`agents?project=${projectId}`, 'Stop test-agent'],
        [`projects/${projectId}/keys`, 'Create key'],
        ['vault', 'Add provider key'],
        ['vault', /^Edit/],
        ['vault', /^Version 1 of/],
        ['vault', /^Rotate/],
        ['vault', /^Delete/],
        ['members', 'Add member'],
        ['settings', 'Edit the organization'],
        ['prices', 'Set own rates'],
        ['prices', /^Change the rates/],
        ['prices', /^End the rates/],
        ['prices', 'Set mark-up'],
        ['prices', 'Price unknown models'],
        ['prices', /^End: Mark-up/],
      ] as const;
      const flaws: string[] = [];
      for (const [index, [where, opener, item]] of dialogs.entries()) {
        await visitor.walk(where);
        await visitor.settled();
        await visitor.button(opener).first().click();
        if (item !== undefined) await visitor.page.getByRole('menuitem', { name: item }).click();
        await visitor.dialog().waitFor();
        flaws.push(...(await visitor.flaws()).map((flaw) => `${String(opener)}: ${flaw}`));
        await screenshot(`${colorScheme}-${viewport.width}-dialog-${index}`);
        await visitor.page.keyboard.press('Escape');
        await visitor.dialog().waitFor({ state: 'detached' });
      }
      expect(flaws).toEqual([]);
    },
    LIMIT_MS,
  );

  it('is reached by keyboard alone', async () => {
    const { page } = visitor;
    await page.setViewportSize(DESKTOP);
    await visitor.go('');
    await visitor.settled();
    await page.keyboard.press('Control+k');
    await visitor.dialog().waitFor();
    await page.keyboard.type('contract');
    await page.getByRole('option', { name: /Contract review/ }).waitFor();
    expect(await visitor.flaws()).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Contract review' }).waitFor();
    await page.keyboard.press('Control+k');
    await visitor.dialog().waitFor();
    await page.keyboard.type('audit');
    await page.getByRole('option', { name: /Audit/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/dashboard/audit');
  });

  it('opens the navigation on a phone, and every entry leads somewhere', async () => {
    const { page } = visitor;
    await page.setViewportSize(PHONE);
    await visitor.go('');
    await visitor.settled();
    await visitor.button('Open navigation').click();
    expect(await visitor.flaws()).toEqual([]);
    const links = await page.getByRole('dialog').getByRole('link').all();
    const targets = await Promise.all(links.map((link) => link.getAttribute('href')));
    expect(targets).toHaveLength(PAGES.length);
    await page.getByRole('dialog').getByRole('link', { name: 'Vault' }).click();
    await page.getByRole('heading', { name: 'Provider secrets' }).waitFor();
    await page.setViewportSize(DESKTOP);
  });

  it('remembers the theme, and shows it before anything else', async () => {
    const { page } = visitor;
    await page.emulateMedia({ colorScheme: 'light' });
    await visitor.go('settings');
    await visitor.button('Dark').click();
    await page.reload({ waitUntil: 'commit' });
    await page.locator('html.dark').waitFor({ state: 'attached' });
    await visitor.settled();
    await visitor.button('As the system').click();
    await page.locator('html:not(.dark)').waitFor({ state: 'attached' });
  });

  it('checks the ledger on request', async () => {
    await visitor.go('settings');
    await visitor.button('Check the ledger').click();
    await visitor.page.getByText('The books balance.', { exact: false }).waitFor();
  });

  it('says that a page cannot be fetched, instead of doing nothing', async () => {
    const { page } = visitor;
    await visitor.go('settings');
    await visitor.settled();
    await page.route('**/chunk-*.js', (route) => route.abort('connectionrefused'));
    await page.getByRole('link', { name: 'Members' }).click();
    await page.getByText('That page could not be fetched.').first().waitFor();
    await page.unroute('**/chunk-*.js');
    visitor.problems.splice(0);
  });

  it('says why a list could not be loaded, and tries again', async () => {
    const { page } = visitor;
    const error = { code: 'UNAVAILABLE', message: 'The database is restarting.', requestId: 'r-1' };
    await page.route('**/v1/secrets', (route) => route.fulfill({ status: 503, json: { error } }));
    await visitor.go('vault');
    const alert = page.getByRole('alert');
    await alert.getByText('The database is restarting.').waitFor();
    expect(await visitor.flaws()).toEqual([]);
    await page.unroute('**/v1/secrets');
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page
      .getByRole('cell', { name: /openai/ })
      .first()
      .waitFor();
    visitor.forgetRefusals(503);
  });
});
