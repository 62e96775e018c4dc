import { Installation } from '../harness/installation.js';
import { describeInBrowser, Visitor } from './browser.js';
import { openLease, settle } from './agent.js';

describeInBrowser('projects', () => {
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
  afterEach(() => expect(visitor.problems).toEqual([]));

  const balance = () => visitor.page.getByRole('region', { name: 'Balance' });

  it('are created, found by the search in the address, and opened', async () => {
    const { page } = visitor;
    await visitor.go('projects');
    await page.getByText('No project yet').waitFor();
    await visitor.button('Create project').click();
    await page.getByLabel('Name', { exact: true }).fill('Nightly research');
    await visitor.press('Create project');
    await page.getByRole('heading', { name: 'Nightly research' }).waitFor();
    expect(await page.title()).toBe('Nightly research · Iron Cage');

    await visitor.go('projects');
    await page.getByLabel('Search by name').fill('nothing like it');
    await page.getByText('No project has that in its name').waitFor();
    expect(page.url()).toContain('search=nothing');
    await page.getByLabel('Search by name').fill('night');
    await page.getByRole('link', { name: 'Nightly research', exact: true }).click();
    await page.getByRole('heading', { name: 'Nightly research' }).waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'Nightly research', exact: true }).waitFor();
    expect(await page.getByLabel('Search by name').inputValue()).toBe('night');
    await page.goForward();
    await page.getByRole('heading', { name: 'Nightly research' }).waitFor();
  });

  it('that are not there say so, and offer no second try', async () => {
    const { page } = visitor;
    await visitor.go('projects/01a20000-0000-7000-8000-000000000000');
    await page.getByRole('alert').getByText('There is no such project.').waitFor();
    expect(await visitor.button('Try again').count()).toBe(0);
    expect(await visitor.flaws()).toEqual([]);
    await page.getByRole('link', { name: 'All projects' }).click();
    await page.getByRole('heading', { name: 'Projects' }).waitFor();
    visitor.forgetRefusals(404);
  });

  it('take a name only once, and the dialog says so', async () => {
    const { page } = visitor;
    await visitor.go('projects');
    await visitor.button('Create project').click();
    await page.getByLabel('Name', { exact: true }).fill('Nightly research');
    await visitor.press('Create project');
    await visitor.dialog().getByRole('alert').waitFor();
    expect(await visitor.flaws()).toEqual([]);
    await visitor.press('Cancel');
    visitor.forgetRefusals(409);
    await page.getByRole('link', { name: 'Nightly research', exact: true }).click();
  });

  it('count a deposit once, even when its answer is lost and it is sent again', async () => {
    const { page } = visitor;
    let lost = false;
    await page.route('**/deposits', async (route) => {
      if (lost) return route.continue();
      lost = true;
      await route.fetch();
      await route.abort('connectionreset');
    });
    await visitor.button('Deposit').click();
    await page.getByLabel('Amount in US dollars').fill('12.345678901');
    await page.getByLabel('Reason').fill('First budget');
    await visitor.press('Deposit');
    await visitor.dialog().getByRole('alert').waitFor();
    await visitor.press('Deposit');
    await visitor.dialog().waitFor({ state: 'hidden' });
    await balance().getByText('$12.345678901').first().waitFor();
    expect(lost).toBe(true);
    await page.unroute('**/deposits');
    visitor.problems.splice(0);

    await page.getByRole('link', { name: 'Ledger' }).click();
    await page.getByRole('cell', { name: 'First budget', exact: true }).waitFor();
    expect(await page.getByRole('cell', { name: 'Deposit', exact: true }).count()).toBe(1);
  });

  it('let only free money be withdrawn', async () => {
    await visitor.menu('More for Nightly research', 'Withdraw');
    await visitor.page.getByLabel('Amount in US dollars').fill('13');
    await visitor.press('Withdraw');
    await visitor.dialog().getByText('That is more than is free.').waitFor();
    await visitor.page.getByLabel('Amount in US dollars').fill('2.345678901');
    await visitor.press('Withdraw');
    await balance().getByText('$10.00').first().waitFor();
  });

  it('show an agent live: its lease, its use, its spending', async () => {
    const { page } = visitor;
    const project = await installation.project({ name: 'Live work', deposit: '10' });
    await visitor.go(`projects/${project.id}`);
    await page.getByText('No money is leased now.').waitFor();
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor();

    const lease = await openLease(installation, project.key);
    await page.getByRole('cell', { name: /^test-agent/ }).waitFor();
    await balance().getByText('1 agent running').waitFor();
    await settle(installation, project.key, lease, { input: 400_000 });
    await balance().getByText('$0.10').first().waitFor();
    await page.getByRole('link', { name: 'gpt-5-mini' }).waitFor();

    await openLease(installation, project.key, lease.sessionId);
    await visitor.button(/^Pause/).click();
    await visitor
      .dialog()
      .getByText(/At most \$0\.50 is still leased, until \d\d:\d\d CET/)
      .waitFor();
    await page.getByLabel('Reason').fill('Prompt loop');
    expect(await visitor.flaws()).toEqual([]);
    await visitor.press('Pause project');
    await page.getByText('Reason: Prompt loop').waitFor();
    await page
      .getByText(/Live work is paused\. At most \$0\.50 is still leased/)
      .first()
      .waitFor();

    await visitor.go('');
    const attention = page.getByRole('region', { name: 'Needs attention' });
    await attention.getByText('Prompt loop').waitFor();
    await attention.getByRole('link', { name: 'Live work' }).click();
    await visitor.button('Resume').click();
    await visitor.button('Pause').waitFor();
  });

  it('end a lease from the live list', async () => {
    const { page } = visitor;
    await visitor.go('leases');
    await visitor.button('Revoke the lease of test-agent').click();
    await visitor.press('Revoke lease');
    await page.getByText('No money is leased now').waitFor();
    await page.getByLabel('State').selectOption('all');
    await page.getByText('Revoked', { exact: true }).waitFor();
    expect(page.url()).toContain('state=all');
  });

  it('follow the policy that is set on their page', async () => {
    const { page } = visitor;
    await visitor.go('projects');
    await page.getByRole('link', { name: 'Live work', exact: true }).click();
    await page.getByRole('link', { name: 'Policy' }).click();
    await page.getByLabel('Tranche size').fill('0.25');
    await page.getByLabel('Lease time in seconds').fill('5');
    await visitor.button('Save policy').click();
    await page.getByText('Enter a whole number from 10 to 86,400.').waitFor();
    await page.getByLabel('Lease time in seconds').fill('120');
    await page.getByLabel('Most leased in a minute, in').fill('2.50');
    await page.getByLabel('When money runs out').selectOption('Observe: refuse nothing');
    await page.getByLabel('Requests of running agents').selectOption('required');
    await page.getByText('A stolen key alone acts for no agent that runs.').waitFor();
    await page.getByLabel('Calls of unknown cost').selectOption('Block: refuse them');
    await visitor.button('Save policy').click();
    await page.getByText('The policy is saved.', { exact: false }).first().waitFor();
    await page.getByLabel('Card numbers').selectOption('redact');
    await page.getByLabel('Your own patterns').fill('EMPLOYEE_ID redact (');
    await visitor.button('Save data rules').click();
    await page.getByText('RE2 cannot read this pattern', { exact: false }).first().waitFor();
    expect(visitor.problems.splice(0)).toEqual([expect.stringContaining('422')]);
    await page.getByLabel('Your own patterns').fill('EMPLOYEE_ID redact EMP-[0-9]{5}');
    await visitor.button('Save data rules').click();
    await page.getByText('The data rules are saved.', { exact: false }).first().waitFor();
    await page.reload();
    await page.getByText('This project only observes').waitFor();
    await page.getByLabel('Tranche size').waitFor();
    expect(await page.getByLabel('Tranche size').inputValue()).toBe('0.25');
    const { items } = await installation.must('GET', '/v1/projects?search=Live');
    expect(items[0].policy).toMatchObject({
      trancheSize: '0.250000000',
      leaseTtlSeconds: 120,
      velocityLimit: '2.500000000',
      mode: 'observe',
      senderBinding: 'required',
      unbounded: 'block',
      pii: expect.objectContaining({
        card: 'redact',
        patterns: [{ name: 'EMPLOYEE_ID', pattern: 'EMP-[0-9]{5}', action: 'redact' }],
      }),
    });
  });
});
