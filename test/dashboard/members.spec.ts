import { call, Installation, OWNER } from '../harness/installation.js';
import { login } from '../harness/people.js';
import { describeInBrowser, Visitor } from './browser.js';

describeInBrowser('people and projects that end', () => {
  const ADA = { email: 'ada@acme.test', password: 'the password of ada' };
  let installation: Installation;
  let visitor: Visitor;
  beforeAll(async () => {
    installation = await Installation.start();
    await installation.must('POST', '/v1/members', { ...ADA, name: 'Ada', role: 'viewer' });
    visitor = await Visitor.open(installation.url);
    await visitor.enter();
  });
  afterAll(async () => {
    await visitor.close();
    await installation.stop();
  });
  afterEach(() => expect(visitor.problems).toEqual([]));

  const ada = async () =>
    (await installation.must('GET', '/v1/members'))['items'].find(
      ({ email }: { email: string }) => email === ADA.email,
    );

  it('get another role, are disabled, enabled and removed', async () => {
    const { page } = visitor;
    const change = async (action: string): Promise<void> => {
      await visitor.button('Change Ada').click();
      await visitor.press(action);
    };
    await visitor.walk('members');
    await visitor.settled();
    await visitor.button('Change Ada').click();
    expect(await visitor.flaws()).toEqual([]);
    await visitor.dialog().getByLabel('Role').selectOption('admin');
    await visitor.press('Save role');
    await page.getByText('Ada is admin now.').first().waitFor();
    await change('Disable');
    await page.getByText('Ada is disabled.').first().waitFor();
    expect(await ada()).toMatchObject({ role: 'admin', state: 'disabled' });
    const refused = await call(installation.url, 'POST', '/v1/auth/login', { body: ADA });
    expect(refused.status).toBe(401);
    await change('Enable');
    await page.getByText('Ada may sign in again.').first().waitFor();
    await login(installation, ADA);
    await change('Remove');
    await visitor.press('Really remove');
    await page.getByText('Ada is no member any more.').first().waitFor();
    expect(await ada()).toBeUndefined();
    await visitor.button(`Change ${OWNER.name}`).click();
    await visitor.dialog().getByLabel('Role').selectOption('admin');
    await visitor.press('Save role');
    await page.getByText('This is the last owner who can act.', { exact: false }).first().waitFor();
    await visitor.press('Cancel');
    visitor.forgetRefusals(409);
  });

  it('archive a project', async () => {
    const { page } = visitor;
    const project = await installation.project({ name: 'Old work' });
    await visitor.walk(`projects/${project.id}`);
    await visitor.settled();
    await visitor.menu('More for Old work', 'Archive');
    await visitor.press('Archive project');
    await page.getByText('Old work is archived.').first().waitFor();
    expect(await installation.must('GET', `/v1/projects/${project.id}`)).toMatchObject({
      state: 'archived',
    });
  });

  it('set the calendar of the organization', async () => {
    const { page } = visitor;
    await visitor.walk('settings');
    await visitor.settled();
    await visitor.button('Edit the organization').click();
    const field = (name: string) => visitor.dialog().getByLabel(name);
    await field('Time zone').fill('Berlin');
    await field('Months start on day').fill('29');
    await visitor.press('Save organization');
    await visitor.dialog().getByText('Enter a time zone such as').waitFor();
    await visitor.dialog().getByText('Enter a whole number from 1 to 28.').waitFor();
    expect(await visitor.flaws()).toEqual([]);
    await field('Time zone').fill('Europe/Berlin');
    await field('Months start on day').fill('15');
    await visitor.press('Save organization');
    await page.getByText('on day 15').waitFor();
    const { items } = await installation.must('GET', '/v1/organizations');
    expect(items).toMatchObject([{ timeZone: 'Europe/Berlin', monthStartsOn: 15 }]);
  });

  it('change their own password', async () => {
    const { page } = visitor;
    await visitor.walk('settings');
    await visitor.settled();
    await page.getByLabel('Current password').fill('not the password');
    await page.getByLabel('New password').fill('an even longer password');
    await visitor.button('Change password').click();
    await page.getByText('The current password is not right.', { exact: false }).first().waitFor();
    visitor.forgetRefusals(403);
    await page.getByLabel('Current password').fill(OWNER.password);
    await visitor.button('Change password').click();
    await page.getByText('Your password is changed.', { exact: false }).first().waitFor();
    await login(installation, { email: OWNER.email, password: 'an even longer password' });
  });
});
