import { Installation, OWNER, type ProjectFixture } from '../harness/installation.js';
import { describeInBrowser, DESKTOP, PHONE, Visitor } from './browser.js';

describeInBrowser('the audit page', () => {
  let installation: Installation;
  let project: ProjectFixture;
  let visitor: Visitor;
  beforeAll(async () => {
    installation = await Installation.start();
    project = await installation.project({ name: 'Contract review', deposit: '5' });
    await installation.project({ name: 'Evaluation' });
    visitor = await Visitor.open(installation.url);
    await visitor.page.setViewportSize(DESKTOP);
    await visitor.enter();
    await visitor.walk('audit');
    await visitor.settled();
  });
  afterAll(async () => {
    await visitor.close();
    await installation.stop();
  });
  afterEach(() => expect(visitor.problems).toEqual([]));

  const rows = () => visitor.page.locator('tbody tr');
  const asked = () => Object.fromEntries(new URL(visitor.page.url()).searchParams);
  /** Rows that do not hold the text; a list that changes comes to none in the end. */
  const othersGone = (text: string) =>
    visitor.page.locator('main:not(:has(tbody tr:not(:has-text("' + text + '"))))').waitFor();

  it('is narrowed to an action, and a reload keeps that', async () => {
    const { page } = visitor;
    await page.getByLabel('Action', { exact: true }).selectOption('project.create');
    await othersGone('project.create');
    expect(await rows().count()).toBe(2);
    expect(asked()).toEqual({ action: 'project.create' });
    await page.getByText('2 events on this page match.').waitFor({ state: 'attached' });
    await page.reload();
    await othersGone('project.create');
    expect(await page.getByLabel('Action', { exact: true }).inputValue()).toBe('project.create');
  });

  it('says names, and leads from one to all that happened to it', async () => {
    const { page } = visitor;
    await page.getByRole('link', { name: 'Contract review' }).click();
    await othersGone('Contract review');
    expect(asked()).toEqual({ action: 'project.create', target: `project:${project.id}` });
    await visitor.button('Clear filters').click();
    await rows().filter({ hasText: 'Evaluation' }).first().waitFor();
    expect(asked()).toEqual({});
  });

  it('leads from who did something to all that was done by that one', async () => {
    const { page } = visitor;
    await page.getByRole('link', { name: OWNER.name }).first().click();
    await page.waitForURL(/actor=user/);
    await visitor.settled();
    const chosen = page.getByLabel('Who').locator('option:checked');
    expect((await chosen.textContent())?.trim()).toBe(OWNER.name);
    await page.getByLabel('Who').selectOption('');
    await page.waitForURL((url) => url.search === '');
  });

  it('is narrowed to a time, and says what to do when nothing is left', async () => {
    const { page } = visitor;
    await page.getByLabel('From').fill('2099-01-01T00:00');
    await page.getByText('No event matches', { exact: true }).waitFor();
    // The visitor's zone is Berlin.
    expect(asked()).toEqual({ from: '2098-12-31T23:00:00.000Z' });
    for (const viewport of [DESKTOP, PHONE]) {
      await page.setViewportSize(viewport);
      expect(await visitor.flaws()).toEqual([]);
    }
    await visitor.page
      .locator('main')
      .getByRole('button', { name: 'Clear filters' })
      .last()
      .click();
    await rows().first().waitFor();
    expect(asked()).toEqual({});
  });
});
