import { startServer, type TestServer } from '../harness/server.js';
import { describeInBrowser, Visitor } from './browser.js';

describeInBrowser('first run', () => {
  let server: TestServer;
  let visitor: Visitor;
  beforeAll(async () => {
    server = await startServer();
    visitor = await Visitor.open(server.url);
  });
  afterAll(async () => {
    await visitor.close();
    await server.stop();
  });
  afterEach(() => expect(visitor.problems).toEqual([]));

  it('leads every address to the explanation until somebody has set it up', async () => {
    for (const path of ['', 'projects', 'login', 'setup', 'settings']) {
      await visitor.go(path);
      await visitor.page.getByRole('heading', { name: 'Waiting for its first owner' }).waitFor();
      expect(new URL(visitor.page.url()).pathname).toBe('/dashboard/setup');
    }
    expect(await visitor.flaws()).toEqual([]);
  });

  it('refuses a link that is not the one that was printed, and says so', async () => {
    await visitor.go('setup#token=wrong');
    await fillOwner();
    await visitor.button('Create organization').click();
    await visitor.page.getByRole('alert').waitFor();
    visitor.forgetRefusals(403);
  });

  it('shows what is missing in the form', async () => {
    await visitor.go('setup');
    await visitor.go(`setup#token=${server.setupToken}`);
    await visitor.page.getByLabel('Password').fill('too short');
    await visitor.button('Create organization').click();
    await visitor.page.getByText('Use at least 12 characters.').waitFor();
    await visitor.page.getByText('Enter your e-mail address.').waitFor();
    expect(await visitor.flaws()).toEqual([]);
  });

  it('goes from the printed link to the lines that run an agent', async () => {
    const { page } = visitor;
    await fillOwner();
    await visitor.button('Create organization').click();

    await page.getByRole('heading', { name: 'Run your first agent' }).waitFor();
    expect(page.url()).not.toContain('token');
    await page.getByLabel('Project name').fill('Support assistant');
    await page.getByLabel('First deposit').fill('25');
    await visitor.button('Create project').click();

    await page.getByText('Support assistant has $25.00 to lease.').waitFor();
    await page.getByLabel('Provider', { exact: true }).selectOption('openai');
    await page.getByLabel('OPENAI_API_KEY').fill('sk-test-canary-0123456789abcdef');
    expect(await visitor.flaws()).toEqual([]);
    await visitor.button('Store secret').click();

    await page.getByText('openai-main is in the vault.').waitFor();
    await visitor.button('Create key').click();
    const lines = page.getByTestId('code');
    await lines.first().waitFor();
    const shell = await lines.first().innerText();
    expect(shell).toContain(`export IRON_CAGE_URL=${server.url}\n`);
    expect(shell).toMatch(/^export IRON_CAGE_KEY=ic_dev_\w{8}_\w+$/m);
    expect(shell).toContain('npm install @iron-cage/sdk');
    expect(await lines.nth(1).innerText()).toBe("import '@iron-cage/sdk/auto';");
    expect(await page.content()).not.toContain('sk-test-canary');
    expect(await visitor.flaws()).toEqual([]);

    await visitor.button('Copy terminal lines').click();
    await page.getByText('Copied', { exact: true }).waitFor();
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(shell);
  });

  it('is over for good: the link leads to the login page', async () => {
    await visitor.context.clearCookies();
    await visitor.page.evaluate('localStorage.clear()');
    await visitor.go(`setup#token=${server.setupToken}`);
    await visitor.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  async function fillOwner(): Promise<void> {
    const { page } = visitor;
    await page.getByLabel('Organization').fill('Northwind');
    await page.getByLabel('Your name').fill('Rosa Lindqvist');
    await page.getByLabel('E-mail').fill('rosa@northwind.test');
    await page.getByLabel('Password').fill('correct horse battery');
  }
});
