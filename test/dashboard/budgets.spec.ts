import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { newId } from '../../src/kernel/ids.js';
import { Installation, type ProjectFixture } from '../harness/installation.js';
import { openLease, settle } from './agent.js';
import { describeInBrowser, DESKTOP, LOOKS, Visitor } from './browser.js';

/** Set to a folder to look at the pages. */
const SCREENSHOTS = process.env['DASHBOARD_SCREENSHOTS'];
const LIMIT_MS = 120_000;

describeInBrowser('budgets', () => {
  let installation: Installation;
  let project: ProjectFixture;
  let visitor: Visitor;
  beforeAll(async () => {
    installation = await Installation.start();
    project = await installation.project({ name: 'Contract review', deposit: '50' });
    visitor = await Visitor.open(installation.url);
    await visitor.enter();
  });
  afterAll(async () => {
    await visitor.close();
    await installation.stop();
  });
  afterEach(() => expect(visitor.problems).toEqual([]));

  const row = (name: string) => visitor.page.getByRole('row', { name });
  const requests = () => visitor.page.getByRole('region', { name: 'Requests for more' });
  const field = (label: string) => visitor.dialog().getByLabel(label);

  async function ask(amount: string, reason: string, budgetId?: string): Promise<void> {
    const { status } = await installation.as(project.key, 'POST', '/v1/sdk/budget-requests', {
      id: newId(),
      amount,
      reason,
      ...(budgetId !== undefined && { budgetId }),
    });
    expect(status).toBe(201);
  }

  async function screenshot(name: string): Promise<void> {
    if (SCREENSHOTS === undefined) return;
    mkdirSync(SCREENSHOTS, { recursive: true });
    await visitor.page.screenshot({ path: path.join(SCREENSHOTS, `budgets-${name}.png`) });
  }

  it('explain themselves, and are created for the organization', async () => {
    const { page } = visitor;
    await visitor.walk('budgets');
    await page.getByText('No budget yet').waitFor();
    await page.getByText('iron-cage budget create day 25').waitFor();
    await screenshot('empty');
    await visitor.button('Create the first budget').click();
    await field('Limit in US dollars').fill('25.000000001');
    await visitor.press('Create budget');
    await row('Acme Organization, per day').getByText('OK').waitFor();
    const { items } = await installation.must('GET', '/v1/budgets');
    expect(items).toEqual([
      expect.objectContaining({ scope: 'organization', window: 'day', limit: '25.000000001' }),
    ]);
  });

  it('are created for a project and some models, with what is missing said', async () => {
    await visitor.button('Create budget').click();
    await field('Limits').selectOption('Project');
    await field('Limit in US dollars').fill('5');
    await field('Only these models').fill('gpt 5');
    await visitor.press('Create budget');
    await visitor.dialog().getByText('Choose a project.').waitFor();
    await visitor
      .dialog()
      .getByText(/“gpt 5” is no model name/)
      .waitFor();
    expect(await visitor.flaws()).toEqual([]);
    await field('Project').selectOption('Contract review');
    await field('Window').selectOption('Per month');
    await field('Only these models').fill('gpt-5*, claude-*');
    await visitor.press('Create budget');
    await row('Contract review Project, per month').getByText('gpt-5*, claude-*').waitFor();
    await visitor.page.getByRole('link', { name: 'Contract review' }).waitFor();
  });

  it('are created for a key and for a member', async () => {
    await visitor.button('Create budget').click();
    await field('Limits').selectOption('Key');
    await field('Project of the key').selectOption('Contract review');
    await field('Key').last().selectOption({ index: 1 });
    await field('Window').selectOption('In total, never anew');
    await field('Limit in US dollars').fill('2');
    await visitor.press('Create budget');
    await row('agent Key, in total').getByText('never').waitFor();

    await visitor.button('Create budget').click();
    await field('Limits').selectOption('Member');
    await field('Member').selectOption({ index: 1 });
    await field('Limit in US dollars').fill('100');
    await visitor.press('Create budget');
    await row('Rosa Owner Member, per day').waitFor();

    await visitor.page.getByLabel('What is limited').selectOption('Key');
    await row('Rosa Owner Member, per day').waitFor({ state: 'detached' });
    expect(visitor.page.url()).toContain('scope=key');
    await visitor.page.getByLabel('What is limited').selectOption('All budgets');
    await row('Rosa Owner Member, per day').waitFor();
  });

  it('show live what agents lease and spend', async () => {
    await visitor.page.getByRole('status').getByText('Live', { exact: true }).waitFor();
    const lease = await openLease(installation, project.key);
    await row('agent Key, in total').getByText('$0.50').first().waitFor();
    await settle(installation, project.key, lease, { input: 7_200_000 });
    await row('agent Key, in total').getByRole('cell', { name: 'Nearly exhausted' }).waitFor();
    await row('agent Key, in total').getByText('$1.80').first().waitFor();
  });

  it('are raised once, even when the answer is lost and it is sent again', async () => {
    const { page } = visitor;
    let lost = false;
    await page.route('**/raises', async (route) => {
      if (lost) return route.continue();
      lost = true;
      await route.fetch();
      await route.abort('connectionreset');
    });
    await visitor.button('Raise Acme, per day').click();
    await field('Amount in US dollars').fill('4.5');
    await visitor.press('Raise budget');
    await visitor.dialog().getByText('Say why; others will ask.').waitFor();
    await field('Reason').fill('Launch week');
    await visitor.press('Raise budget');
    await visitor.dialog().getByRole('alert').waitFor();
    await visitor.press('Raise budget');
    await visitor.dialog().waitFor({ state: 'hidden' });
    await row('Acme Organization, per day').getByText('+ $4.50 raised').waitFor();
    expect(lost).toBe(true);
    await page.unroute('**/raises');
    visitor.problems.splice(0);
  });

  it('are raised for a time; a total asks until when', async () => {
    await visitor.menu('More for agent, in total', 'Raise for a time');
    await field('Amount in US dollars').fill('3');
    await field('Reason').fill('One more run');
    await field('Until').fill('');
    await visitor.press('Raise budget');
    await visitor.dialog().getByText('A total never starts anew').waitFor();
    await field('Until').fill('2020-01-01T10:00');
    await visitor.dialog().getByText('Choose a time within a year from now.').waitFor();
    await field('Until').fill(new Date(Date.now() + 86_400_000).toISOString().slice(0, 16));
    await visitor.press('Raise budget');
    await row('agent Key, in total').getByText('+ $3.00 raised').waitFor();
    await row('agent Key, in total').getByText('OK').waitFor();
  });

  it('are changed and removed', async () => {
    await visitor.menu('More for Rosa Owner, per day', 'Change limit');
    await field('Limit in US dollars').fill('1');
    await visitor.dialog().getByText('That is less than what is spent and leased.').waitFor();
    expect(await visitor.flaws()).toEqual([]);
    await visitor.press('Save budget');
    await row('Rosa Owner Member, per day').getByRole('cell', { name: 'Exhausted' }).waitFor();
    await visitor.menu('More for Rosa Owner, per day', 'Remove');
    await visitor.press('Remove budget');
    // While it is open, no row behind it can be found.
    await visitor.dialog().waitFor({ state: 'detached' });
    await row('Rosa Owner Member, per day').waitFor({ state: 'detached' });
    const { items } = await installation.must('GET', '/v1/budgets');
    expect(items).toHaveLength(3);
  });

  it('are asked for by an agent, and granted another amount', async () => {
    const { page } = visitor;
    const { items } = await installation.must('GET', '/v1/budgets?scope=project');
    await ask('20.5', 'The archive is larger than thought', items[0].id);
    await requests().getByText('The archive is larger than thought').waitFor();
    await requests().getByText('budget of Contract review, per month').waitFor();
    await requests()
      .getByRole('button', { name: /^Approve/ })
      .click();
    expect(await field('Amount in US dollars').inputValue()).toBe('20.50');
    await field('Amount in US dollars').fill('10');
    await field('Note').fill('Half for now');
    await visitor.press('Approve');
    await row('Contract review Project, per month').getByText('+ $10.00 raised').waitFor();
    await requests().waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'Decided requests' }).click();
    await page.getByRole('cell', { name: 'Half for now' }).waitFor();
    expect(await visitor.flaws()).toEqual([]);
    await page.getByRole('link', { name: 'All budgets' }).click();
  });

  it('are asked for from the balance, and declined', async () => {
    const { page } = visitor;
    await ask('3', 'The balance runs low');
    await requests().getByText('balance of the project').waitFor();
    await requests()
      .getByRole('button', { name: /^Decline/ })
      .click();
    await field('Note').fill('Wait for Monday');
    await visitor.press('Decline');
    await requests().waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Decided requests' }).click();
    await page.getByLabel('Decision').selectOption('Declined');
    await page.getByRole('cell', { name: 'Wait for Monday' }).waitFor();
    expect(page.url()).toContain('state=declined');
  });

  it('are on the page of their project, with its refills', async () => {
    const { page } = visitor;
    await visitor.walk(`projects/${project.id}/budgets`);
    await row('Acme Organization, per day').waitFor();
    await row('agent Key, in total').waitFor();
    const before = await installation.balance(project.id);
    await visitor.button('Add refill').click();
    await field('What it does').selectOption('Add an amount, up to a cap');
    await field('Amount in US dollars').fill('20');
    await visitor.press('Add refill');
    await visitor
      .dialog()
      .getByText(/^Enter dollars/)
      .waitFor();
    await field('Cap in US dollars').fill('60');
    await field('When').selectOption('Each week');
    await visitor.press('Add refill');
    await page.getByText('Adds $20.00, up to $60.00 free each week', { exact: true }).waitFor();
    const after = await installation.balance(project.id);
    expect([before.available, after.available]).toEqual(['48.200000000', '60.000000000']);
    await page.getByRole('region', { name: 'Balance' }).getByText('$60.00').first().waitFor();
    await visitor.button(/^Remove the refill/).click();
    await visitor.press('Remove refill');
    await page.getByText('Money comes only from deposits.').waitFor();
  });

  it('do not replace a correction, which is signed and needs a reason', async () => {
    const { page } = visitor;
    await visitor.menu('More for Contract review', 'Correct the balance');
    await field('Amount in US dollars').fill('-10.000000001');
    await visitor.dialog().getByText('Free afterwards: $49.999999999').waitFor();
    await visitor.press('Book correction');
    await visitor.dialog().getByText('Say what was wrong').waitFor();
    await field('Reason').fill('Deposited twice');
    await visitor.press('Book correction');
    const balance = page.getByRole('region', { name: 'Balance' });
    await balance.getByText('$49.999999999').first().waitFor();
    await page.getByRole('link', { name: 'Ledger' }).click();
    await page.getByRole('cell', { name: 'Correction', exact: true }).waitFor();
    await page.getByRole('cell', { name: 'Deposited twice' }).waitFor();
    expect((await installation.ledgerCheck()).ok).toBe(true);
  });

  it.each(LOOKS)(
    'are accessible and fit, dialogs too: $colorScheme, $viewport.width px',
    async ({ colorScheme, viewport }) => {
      const name = `${colorScheme}-${viewport.width}`;
      await visitor.look({ colorScheme, viewport });
      if (colorScheme === 'light' && viewport === DESKTOP)
        await ask('7.25', 'A long night of contract reading, and nobody is there to ask before');
      const inProject = `projects/${project.id}/budgets`;
      const flaws: string[] = [];
      for (const where of ['budgets', 'budgets/requests', inProject]) {
        await visitor.walk(where);
        await visitor.settled();
        flaws.push(...(await visitor.flaws()).map((flaw) => `/${where} ${flaw}`));
        await screenshot(`${name}-${where.replaceAll('/', '-')}`);
      }
      const dialogs = [
        ['budgets', 'Create budget'],
        ['budgets', /^Approve/],
        ['budgets', /^Decline/],
        ['budgets', 'More for Acme, per day', 'Raise for a time'],
        ['budgets', 'More for Acme, per day', 'Change limit'],
        ['budgets', 'More for Acme, per day', 'Remove'],
        [inProject, 'Add refill'],
        [inProject, 'More for Contract review', 'Correct the balance'],
      ] as const;
      for (const [index, [where, opener, item]] of dialogs.entries()) {
        await visitor.walk(where);
        await visitor.settled();
        await visitor.button(opener).first().click();
        if (item !== undefined) {
          flaws.push(...(await visitor.flaws()).map((flaw) => `menu: ${flaw}`));
          await visitor.page.getByRole('menuitem', { name: item }).click();
        }
        await visitor.dialog().waitFor();
        flaws.push(...(await visitor.flaws()).map((flaw) => `${String(opener)}: ${flaw}`));
        await screenshot(`${name}-dialog-${index}`);
        await visitor.page.keyboard.press('Escape');
        await visitor.dialog().waitFor({ state: 'detached' });
      }
      expect(flaws).toEqual([]);
    },
    LIMIT_MS,
  );
});
