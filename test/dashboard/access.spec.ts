import { Installation, type ProjectFixture } from '../harness/installation.js';
import { eventually } from '../harness/people.js';
import { describeInBrowser, Visitor } from './browser.js';
import { openLease } from './agent.js';

describeInBrowser('keys, secrets, members', () => {
  let installation: Installation;
  let project: ProjectFixture;
  let visitor: Visitor;
  beforeAll(async () => {
    installation = await Installation.start();
    project = await installation.project({ name: 'Support', deposit: '5', secret: false });
    visitor = await Visitor.open(installation.url);
    await visitor.enter();
  });
  afterAll(async () => {
    await visitor.close();
    await installation.stop();
  });
  afterEach(() => expect(visitor.problems).toEqual([]));

  it('store a provider key that can then only be recognised, not read', async () => {
    const { page } = visitor;
    await visitor.go('vault');
    await visitor.button('Add the first provider key').click();
    await page.getByLabel('Provider', { exact: true }).selectOption('anthropic');
    await page.getByLabel('ANTHROPIC_API_KEY').fill('not a key');
    await visitor.press('Store secret');
    await visitor.dialog().getByText('A provider key has no spaces').waitFor();
    await page.getByLabel('ANTHROPIC_API_KEY').fill('sk-ant-canary-abcd1234WXYZ');
    await visitor.press('Store secret');
    await page.getByRole('cell', { name: 'anthropic-main', exact: true }).waitFor();
    await page.getByText('••••WXYZ').waitFor();
    expect(await page.content()).not.toContain('canary');
  });

  it('keep a secret for one project, and only for hosts that were named', async () => {
    const { page } = visitor;
    await visitor.go(`projects/${project.id}/secrets`);
    await visitor.button('Add provider key').click();
    await page.getByLabel('Provider', { exact: true }).selectOption('other');
    await page.getByLabel('Name', { exact: true }).fill('gateway');
    await page.getByLabel('Provider id').fill('own-gateway');
    await page.getByLabel('Variable').fill('GATEWAY_KEY');
    await page.getByLabel('GATEWAY_KEY').fill('canary-gateway-9876');
    await page.getByLabel('Hosts').fill('https://llm.acme.test');
    await visitor.press('Store secret');
    await visitor.dialog().getByText('is not a host').waitFor();
    await page.getByLabel('Hosts').fill('llm.acme.test:8443');
    await page.getByLabel('Paths').fill('/v1/');
    await page.getByLabel('Header').fill('x-api-key');
    await visitor.press('Store secret');
    await visitor.dialog().getByText('Write it as name: value').waitFor();
    await page.getByLabel('Header').fill('X-Api-Key: {secret}');
    await page.getByLabel('Requests to it').selectOption('no');
    await page.getByLabel('For', { exact: true }).selectOption('live');
    await visitor.press('Store secret');
    await page.getByText('llm.acme.test:8443').waitFor();
    await page.getByText('x-api-key: {secret}').waitFor();
    await page.getByText('live keys').waitFor();
    await page.getByText('not metered').waitFor();
    await page.getByRole('cell', { name: 'This project live keys', exact: true }).waitFor();
  });

  it('rotate and delete a secret', async () => {
    const { page } = visitor;
    await visitor.button('Rotate gateway').click();
    await page.getByLabel('GATEWAY_KEY').fill('canary-gateway-5432');
    await visitor.press('Store new version');
    await page.getByText('••••5432').waitFor();
    await visitor.button('Version 2 of gateway, show all').click();
    await visitor.dialog().getByText('Safe to delete', { exact: true }).waitFor();
    await visitor.press('Roll back to version 1');
    await visitor
      .dialog()
      .getByRole('row', { name: /^1 .* Handed out/ })
      .waitFor();
    await visitor.press('Destroy version 2');
    await visitor.press('For good? Destroy version 2');
    await visitor
      .dialog()
      .getByRole('row', { name: /^2 .* Destroyed/ })
      .waitFor();
    expect(await visitor.flaws()).toEqual([]);
    await visitor.press('Close');
    await page.getByText('••••9876').waitFor();
    await visitor.button('Delete gateway').click();
    await visitor.press('Delete secret');
    await page.getByRole('cell', { name: 'gateway', exact: true }).waitFor({ state: 'detached' });
  });

  it('change the keys of the vault, seal it and open it again', async () => {
    const { page } = visitor;
    await visitor.go('vault');
    await page.getByText('Version 1, made').waitFor();
    await visitor.button('New data key').click();
    await page.getByText('Version 2, made').waitFor();
    await visitor.button('Seal').click();
    await visitor.press('Seal vault');
    await page.getByText('The vault is sealed:').waitFor();
    expect(await visitor.flaws()).toEqual([]);
    await visitor.button('Unseal').click();
    await page.getByText('The vault is sealed:').waitFor({ state: 'detached' });
    await visitor.button('Destroy all secrets').click();
    await page.getByLabel('Type Acme to confirm').fill('acme');
    await visitor.press('Destroy for good');
    await visitor.dialog().getByText('Type the name exactly').waitFor();
    await visitor.press('Cancel');
    expect((await installation.must('GET', '/v1/secrets')).items).toHaveLength(1);
  });

  it('show a key once, and stop its agents when it is revoked', async () => {
    const { page } = visitor;
    await visitor.go('keys');
    await visitor.button('Create key').click();
    await visitor.press('Create key');
    await visitor.dialog().getByText('Enter a name for the key.').waitFor();
    await page.getByLabel('Name').fill('nightly-report');
    await visitor.dialog().getByLabel('Project').selectOption({ label: 'Support' });
    await page.getByLabel('Environment').selectOption('live');
    await visitor.press('Create key');
    const secret = await visitor.dialog().getByTestId('code').innerText();
    expect(secret).toMatch(/^ic_live_\w{8}_\w+$/);
    expect(await visitor.flaws()).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await visitor.dialog().isVisible()).toBe(true);
    await visitor.press('I have stored it');

    await page.getByRole('cell', { name: 'nightly-report', exact: true }).waitFor();
    expect(await page.content()).not.toContain(secret);
    await openLease(installation, secret);
    await visitor.button('Revoke nightly-report').click();
    await visitor.press('Revoke key');
    await visitor.button('Revoke nightly-report').waitFor({ state: 'detached' });
    // The dialog hides the page from assistive technology while it asks the server, so the button goes before the key does.
    await eventually(async () => {
      const { status } = await installation.as(secret, 'POST', '/v1/sdk/leases', {});
      expect(status).toBe(401);
    }, 2_000);
  });

  it('appear without a reload when somebody else makes them', async () => {
    const { page } = visitor;
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
    await installation.must('POST', `/v1/projects/${project.id}/keys`, {
      name: 'from-elsewhere',
      environment: 'dev',
    });
    await page.getByRole('cell', { name: 'from-elsewhere', exact: true }).waitFor();
  });

  it('arrive behind an open dialog, which keeps what is typed', async () => {
    const { page } = visitor;
    await visitor.go('keys');
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
    await visitor.button('Create key').click();
    const name = visitor.dialog().getByLabel('Name', { exact: true });
    await name.fill('half typed');
    await visitor.dialog().getByText('Limits', { exact: true }).click();
    await installation.must('POST', `/v1/projects/${project.id}/keys`, {
      name: 'made-behind',
      environment: 'dev',
    });
    await page.getByText('made-behind', { exact: true }).first().waitFor();
    expect(await name.inputValue()).toBe('half typed');
    expect(await visitor.dialog().locator('details').getAttribute('open')).not.toBeNull();
    await page.keyboard.press('Escape');
    await visitor.dialog().waitFor({ state: 'detached' });
  });

  it('say that the connection is lost, keep what is shown, and find back', async () => {
    const { page } = visitor;
    const state = page.getByRole('status');
    await page.route('**/v1/events', (route) => route.abort('connectionrefused'));
    await visitor.go('keys');
    await state.getByText('Reconnecting', { exact: true }).waitFor();
    await page.getByRole('cell', { name: 'from-elsewhere', exact: true }).waitFor();
    await installation.must('POST', `/v1/projects/${project.id}/keys`, {
      name: 'made-meanwhile',
      environment: 'dev',
    });
    await page.unroute('**/v1/events');
    await state.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('cell', { name: 'made-meanwhile', exact: true }).waitFor();
    visitor.problems.splice(0);
  });

  it('add a member who can sign in', async () => {
    const { page } = visitor;
    await visitor.go('members');
    await visitor.button('Add member').click();
    await page.getByLabel('Name').fill('Ada Novak');
    await page.getByLabel('E-mail').fill('ada@acme.test');
    await page.getByLabel('Role').selectOption('developer');
    await page.getByLabel('First password').fill('a first long password');
    await visitor.press('Add member');
    await page.getByRole('cell', { name: 'Ada Novak', exact: true }).waitFor();
    const { status } = await installation.as(undefined, 'POST', '/v1/auth/login', {
      email: 'ada@acme.test',
      password: 'a first long password',
    });
    expect(status).toBe(200);
  });
});
