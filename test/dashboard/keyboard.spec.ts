import { Installation, type ProjectFixture } from '../harness/installation.js';
import { describeInBrowser, DESKTOP, Visitor } from './browser.js';

const MOST_STEPS = 60;

describeInBrowser('without a mouse', () => {
  let installation: Installation;
  let project: ProjectFixture;
  let visitor: Visitor;
  beforeAll(async () => {
    installation = await Installation.start();
    project = await installation.project({ name: 'Contract review', deposit: '5' });
    visitor = await Visitor.open(installation.url);
    await visitor.page.setViewportSize(DESKTOP);
    await visitor.enter();
  });
  afterAll(async () => {
    await visitor.close();
    await installation.stop();
  });
  afterEach(() => expect(visitor.problems).toEqual([]));

  const press = (key: string) => visitor.page.keyboard.press(key);
  const type = (text: string) => visitor.page.keyboard.type(text);
  /** Name of what has the focus, as a screen reader would say it, near enough. */
  const focused = () =>
    visitor.page.evaluate<string>(
      `(({ activeElement: e }) => e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent.trim() ?? e.textContent.trim())(document)`,
    );
  const isInDialog = () =>
    visitor.page.evaluate<boolean>(`document.activeElement.closest('[role=dialog]') !== null`);

  async function tabTo(name: string, key = 'Tab'): Promise<void> {
    const passed: string[] = [];
    for (let step = 0; step < MOST_STEPS; step++) {
      await press(key);
      const at = await focused();
      if (at === name) return;
      passed.push(at);
    }
    throw new Error(`${name} cannot be reached; passed: ${passed.join(' | ')}`);
  }

  it('the first step leads past the navigation', async () => {
    const { page } = visitor;
    await visitor.go('projects');
    await visitor.settled();
    await press('Tab');
    expect(await focused()).toBe('Skip to content');
    await press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await press('Tab');
    expect(await focused()).toBe('Search by name');
  });

  it('a key is created, and its secret is copied', async () => {
    const { page } = visitor;
    await visitor.walk(`projects/${project.id}/keys`);
    await visitor.settled();
    await tabTo('Create key');
    await press('Enter');
    await visitor.dialog().waitFor();
    await page.getByRole('textbox', { name: 'Name' }).and(page.locator(':focus')).waitFor();
    await type('by keyboard');
    await press('Enter');
    await visitor.dialog().getByText('Copy the key now').waitFor();
    await visitor.dialog().locator(':focus').waitFor();
    await tabTo('I have stored it');
    await press('Enter');
    await visitor.dialog().waitFor({ state: 'detached' });
    expect(await focused()).toBe('Create key');
    const { items } = await installation.must('GET', '/v1/keys');
    expect(items).toContainEqual(expect.objectContaining({ name: 'by keyboard' }));
  });

  it('a secret that is shown once is not lost by Escape', async () => {
    await press('Enter');
    await visitor.dialog().waitFor();
    await type('shown once');
    await press('Enter');
    await visitor.dialog().getByText('Copy the key now').waitFor();
    await press('Escape');
    await visitor.dialog().getByText('Copy the key now').waitFor();
    await visitor.press('I have stored it');
    await visitor.dialog().waitFor({ state: 'detached' });
  });

  it('a dialog keeps the focus, and Escape gives it back to what opened it', async () => {
    await visitor.walk(`projects/${project.id}`);
    await visitor.settled();
    await tabTo('Pause');
    await press('Space');
    await visitor.dialog().locator(':focus').waitFor();
    for (let step = 0; step < 8; step++) {
      await press('Tab');
      expect([step, await isInDialog()]).toEqual([step, true]);
    }
    await press('Shift+Tab');
    expect(await isInDialog()).toBe(true);
    await press('Escape');
    await visitor.dialog().waitFor({ state: 'detached' });
    expect(await focused()).toBe('Pause');
  });

  it('a project is paused and resumed', async () => {
    const { page } = visitor;
    await press('Enter');
    await visitor.dialog().locator('input:focus').waitFor();
    await type('Prompt loop');
    await press('Enter');
    await visitor.dialog().waitFor({ state: 'detached' });
    await page.getByText('Reason: Prompt loop').waitFor();
    expect(await focused()).toBe('Resume');
    await press('Enter');
    await page.getByText('Reason: Prompt loop').waitFor({ state: 'detached' });
    expect(await installation.must('GET', `/v1/projects/${project.id}`)).toMatchObject({
      state: 'active',
    });
  });

  it('a menu is walked with arrows, and what it opened gives the focus back', async () => {
    const { page } = visitor;
    await tabTo('More for Contract review');
    await press('Enter');
    await page.getByRole('menuitem', { name: 'Withdraw' }).and(page.locator(':focus')).waitFor();
    await press('ArrowDown');
    await press('ArrowDown');
    await page.getByRole('menuitem', { name: 'Archive' }).and(page.locator(':focus')).waitFor();
    await press('Enter');
    await visitor.dialog().getByText('This cannot be undone').waitFor();
    await press('Escape');
    await visitor.dialog().waitFor({ state: 'detached' });
    expect(await focused()).toBe('More for Contract review');
  });

  it('a project is made, and a budget for it', async () => {
    const { page } = visitor;
    await visitor.walk('projects');
    await visitor.settled();
    await tabTo('Create project');
    await press('Enter');
    await page.getByRole('textbox', { name: 'Name' }).and(page.locator(':focus')).waitFor();
    await type('Made by keyboard');
    await press('Enter');
    await page.getByRole('heading', { name: 'Made by keyboard' }).waitFor();
    await page.getByRole('navigation', { name: 'Parts of the project' }).waitFor();
    await page.locator('#main').focus();
    await tabTo('Budgets');
    await press('Enter');
    await page.getByRole('heading', { name: 'Budgets that apply' }).waitFor();
    await visitor.settled();
    await tabTo('Create budget');
    await press('Enter');
    await visitor.dialog().locator(':focus').waitFor();
    await tabTo('Limit in US dollars');
    await type('12.50');
    await press('Enter');
    await visitor.dialog().waitFor({ state: 'detached' });
    const { items } = await installation.must('GET', '/v1/budgets');
    expect(items).toContainEqual(
      expect.objectContaining({ scopeName: 'Made by keyboard', limit: '12.500000000' }),
    );
  });
});
