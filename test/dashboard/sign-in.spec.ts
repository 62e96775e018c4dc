import { Installation, OWNER } from '../harness/installation.js';
import { signInAs } from '../harness/people.js';
import { describeInBrowser, Visitor } from './browser.js';

describeInBrowser('sign-in', () => {
  let installation: Installation;
  let visitor: Visitor;
  beforeAll(async () => {
    installation = await Installation.start();
    visitor = await Visitor.open(installation.url);
  });
  afterAll(async () => {
    await visitor.close();
    await installation.stop();
  });
  afterEach(() => expect(visitor.problems).toEqual([]));

  it('keeps a deep link, says why it refuses, and goes there afterwards', async () => {
    const { page } = visitor;
    await visitor.go('projects?search=none');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await visitor.button('Sign in').click();
    await page.getByText('Enter your password.').waitFor();
    expect(await visitor.flaws()).toEqual([]);

    await visitor.signIn(OWNER.email, 'not the password');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').innerText()).not.toBe('');
    visitor.forgetRefusals(401);

    await visitor.signIn();
    await page.waitForURL('**/dashboard/projects?search=none');
    await page.getByText('No project has that in its name').waitFor();
  });

  it('survives a reload without the token being kept anywhere', async () => {
    const { page } = visitor;
    await page.reload();
    await page.getByText('No project has that in its name').waitFor();
    const stored = await page.evaluate<string>(
      'JSON.stringify([localStorage, sessionStorage, document.cookie])',
    );
    expect(stored).not.toMatch(/eyJ|ic_refresh/);
  });

  it('renews the token by itself when the server no longer takes it', async () => {
    const { page } = visitor;
    let refused = 0;
    await page.route('**/v1/members', async (route) => {
      if (refused++ > 0) return route.continue();
      const error = { code: 'TOKEN_INVALID', message: 'Sign in again.', requestId: 'x' };
      await route.fulfill({ status: 401, json: { error } });
    });
    await visitor.go('members');
    await page.getByRole('cell', { name: OWNER.email }).waitFor();
    expect(refused).toBe(2);
    await page.unroute('**/v1/members');
    visitor.forgetRefusals(401);
  });

  it('ends when signing out, in every tab, and a reload does not bring it back', async () => {
    const { page } = visitor;
    const other = await visitor.context.newPage();
    await other.goto(`${installation.url}/dashboard/keys`);
    await other.getByRole('heading', { name: 'Iron Cage keys' }).waitFor();
    await visitor.button(/account menu/).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    await other.close();
    await visitor.go('projects');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('shows a viewer everything and lets them change nothing', async () => {
    await installation.project({ name: 'Seen', deposit: '5' });
    await signInAs(installation, 'viewer');
    await visitor.enter('viewer@acme.test', 'the password of viewer@acme.test');
    await visitor.go('projects');
    await visitor.page.getByRole('link', { name: 'Seen', exact: true }).click();
    await visitor.page.getByRole('heading', { name: 'Seen' }).waitFor();
    for (const name of ['Deposit', 'Pause', 'More for Seen'])
      expect(await visitor.button(name).count()).toBe(0);
    expect(await visitor.page.getByRole('link', { name: 'Audit' }).count()).toBe(0);
    await visitor.page.getByRole('link', { name: 'Policy' }).click();
    expect(await visitor.page.getByLabel('Tranche size').isDisabled()).toBe(true);
    await visitor.walk('start');
    await visitor.page.getByText('Your role sees what is there').waitFor();
    await visitor.settled();
    expect(await visitor.page.locator('main form').count()).toBe(0);
    await visitor.walk('audit');
    await visitor.page.getByRole('alert').getByText('does not include audit:read').waitFor();
    expect(await visitor.button('Try again').count()).toBe(0);
    visitor.forgetRefusals(403);
  });
});
