import { Installation, type Json } from '../harness/installation.js';
import { describeInBrowser, Visitor } from './browser.js';

describeInBrowser('own rates in the dashboard', () => {
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

  const overrides = async (): Promise<Json[]> =>
    (await installation.must('GET', '/v1/prices/overrides'))['items'] as Json[];

  async function open(button: string): Promise<void> {
    await visitor.walk('prices');
    await visitor.settled();
    await visitor.button(button).click();
    await visitor.dialog().waitFor();
  }

  async function fill(values: Readonly<Record<string, string>>): Promise<void> {
    for (const [label, value] of Object.entries(values))
      await visitor.dialog().getByLabel(label, { exact: true }).first().fill(value);
  }

  async function closed(): Promise<void> {
    await visitor.dialog().waitFor({ state: 'detached' });
    await visitor.settled();
  }

  it('are made with tiers and prices of searches, after a look at what they change', async () => {
    const project = await installation.project({ name: 'Research' });
    await open('Set own rates');
    const dialog = visitor.dialog();
    await dialog.getByLabel('Applies to').selectOption('Research');
    await fill({ Provider: 'openai', Model: 'gpt-5-mini' });
    await fill({ 'Input, 1M tokens': '0.20', 'Output, 1M tokens': '1.60' });
    await dialog.getByText('1 model of the table').waitFor();
    await dialog.getByText('$0.25 / $2.00').waitFor();
    await dialog.getByText('$0.20 / $1.60').waitFor();
    await dialog.getByText('Caches, audio, searches').click();
    await fill({ 'One web search': '0.01' });
    await visitor.press(/Rates for long contexts/);
    const tier = dialog.getByRole('group', { name: 'Long context 1' });
    await tier.getByLabel('Input, 1M tokens').fill('0.40');
    await tier.getByLabel('Output, 1M tokens').fill('2.40');
    expect(await visitor.flaws()).toEqual([]);
    await fill({ Reason: 'Contract of the year' });
    await visitor.press('Set rates');
    await closed();
    await visitor.page.getByText('openai/gpt-5-mini', { exact: true }).waitFor();
    await visitor.page.getByText('output $1.60, web search $0.01').waitFor();
    expect(await overrides()).toMatchObject([
      {
        projectId: project.id,
        provider: 'openai',
        model: 'gpt-5-mini',
        rates: { input: '0.200000000', output: '1.600000000', webSearches: '10000.000000000' },
        tiers: [
          {
            aboveInputTokens: 200_000,
            rates: { input: '0.400000000', output: '2.400000000' },
          },
        ],
        from: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        until: null,
        reason: 'Contract of the year',
      },
    ]);
  }, 60_000);

  it('are seen in the table, and so is what is paid by the unit', async () => {
    const { page } = visitor;
    await visitor.walk('prices');
    await visitor.settled();
    await page.getByLabel('Provider', { exact: true }).selectOption('openai');
    const search = page.getByLabel('Search models');
    await search.fill('whisper');
    const whisper = page.getByRole('row', { name: /whisper-1/ });
    await whisper.getByText('minute of audio $0.006').waitFor();
    expect(await whisper.textContent()).not.toContain('$0.00 ');
    await search.fill('gpt-5-mini');
    const mini = page.getByRole('row', { name: /^gpt-5-mini/ });
    await mini.getByText('$0.25', { exact: true }).waitFor();
    await page.getByLabel('Project', { exact: true }).selectOption('Research');
    await mini.getByText('own rates').waitFor();
    await mini.getByText('$0.20', { exact: true }).waitFor();
    await mini.getByText('web search $0.01').waitFor();
    expect(await visitor.flaws()).toEqual([]);
    // Leaves the filters behind.
    await visitor.walk('budgets');
  }, 60_000);

  it('are changed by new ones that take their place, with all that was not touched', async () => {
    const [before] = await overrides();
    await open('Change the rates of openai/gpt-5-mini');
    await fill({ 'Output, 1M tokens': '1.50', Reason: 'Better contract' });
    await visitor.press('Change rates');
    await closed();
    await visitor.page.getByText('Better contract').waitFor();
    const [after, ...others] = await overrides();
    expect(others).toEqual([]);
    expect(after?.['id']).not.toBe(before?.['id']);
    expect(after).toMatchObject({
      projectId: before?.['projectId'],
      rates: { ...before?.['rates'], output: '1.500000000' },
      tiers: before?.['tiers'],
    });
  }, 60_000);

  it('stay in force until the new ones begin', async () => {
    await open('Change the rates of openai/gpt-5-mini');
    await fill({ 'Output, 1M tokens': '1.40', From: '2099-01-01', Reason: 'Next contract' });
    await visitor.dialog().getByText('The present rates apply until then.').waitFor();
    await visitor
      .dialog()
      .getByLabel(/^Until/)
      .fill('2099-02-01');
    await visitor.dialog().getByText('and again when these have ended').waitFor();
    await visitor.press('Change rates');
    await closed();
    await visitor.page.getByText('Next contract').waitFor();
    expect((await overrides()).map((row) => row['reason'])).toEqual([
      'Next contract',
      'Better contract',
    ]);
    for (const row of await overrides())
      await installation.must('DELETE', `/v1/prices/overrides/${String(row['id'])}`);
  }, 60_000);

  it('are refused in the words of the server, before anything is sent', async () => {
    const wrong = {
      provider: 'Open AI',
      model: '*a*b*',
      rates: { input: '1.2345678', output: '1' },
      tiers: [1, 2].map(() => ({ aboveInputTokens: 5, rates: { input: '1', output: '1' } })),
      from: '2026-02-01',
      until: '2026-02-01',
      reason: 'r',
    };
    const sentences: string[] = [];
    for (const part of ['provider', 'model', 'rates', 'tiers', 'until'] as const) {
      const right = { provider: 'openai', model: 'gpt-5', rates: { input: '1', output: '1' } };
      const body = { ...right, from: wrong.from, reason: 'r', [part]: wrong[part] };
      const answer = await installation.as(
        installation.token,
        'POST',
        '/v1/prices/overrides',
        body,
      );
      expect(answer.status).toBe(422);
      sentences.push(String(answer.body['error'].details.issues[0].message));
    }
    await open('Set own rates');
    await fill({ Provider: wrong.provider, Model: wrong.model, From: wrong.from });
    await fill({ 'Input, 1M tokens': '1.2345678', Reason: 'r' });
    await visitor.dialog().getByLabel('Until').fill(wrong.until);
    for (const at of [0, 1]) {
      await visitor.press(/Rates for long contexts/);
      const tier = visitor.dialog().getByRole('group', { name: `Long context ${at + 1}` });
      await tier.getByLabel('Above this many input tokens').fill('5');
    }
    await visitor.press('Set rates');
    for (const sentence of sentences) await visitor.dialog().getByText(sentence).first().waitFor();
    expect(await visitor.flaws()).toEqual([]);
    await visitor.press('Cancel');
    await closed();
    expect(await overrides()).toEqual([]);
  }, 60_000);

  it('have a mark-up and a price for unknown models, each set, shown, changed and ended', async () => {
    const { page } = visitor;
    const terms = () => installation.must('GET', '/v1/prices/terms');
    await open('Set mark-up');
    await fill({ Percent: '1000.01', Reason: 'Cost centre' });
    await visitor.press('Set mark-up');
    await visitor.dialog().getByText('at most 1000').waitFor();
    await fill({ Percent: '2.5' });
    await visitor.dialog().getByText('is booked as $1.025, until now as $1.00').waitFor();
    await visitor.press('Set mark-up');
    await closed();
    await page.getByText('2.5% on every cost').waitFor();

    await open('Price unknown models');
    await visitor.dialog().getByText('which they may not at present').waitFor();
    await fill({ 'Input, 1M tokens': '15', 'Output, 1M tokens': '75', Reason: 'Evaluation' });
    await visitor.press('Set ceiling');
    await closed();
    expect(await terms()).toMatchObject({
      markups: [{ projectId: null, basisPoints: 250, reason: 'Cost centre' }],
      ceilings: [{ projectId: null, rates: { input: '15.000000000', output: '75.000000000' } }],
    });

    await open('Change: Models without a price of All projects');
    await fill({ 'Output, 1M tokens': '60', Reason: 'Cheaper' });
    await visitor.press('Set ceiling');
    await closed();
    await page.getByText('input $15.00, output $60.00').waitFor();

    for (const [name, action] of [
      ['Mark-up', 'End mark-up'],
      ['Models without a price', 'End ceiling'],
    ] as const) {
      await open(`End: ${name} of All projects`);
      await fill({ Reason: 'Over' });
      await visitor.press(action);
      await closed();
      await page.getByText(name, { exact: true }).waitFor({ state: 'detached' });
    }
    expect(await terms()).toEqual({ markups: [], ceilings: [] });
  }, 60_000);

  it('can be seen, but not set, by whoever may not handle money', async () => {
    await installation.must('PUT', '/v1/prices/markup', { basisPoints: 100, reason: 'Seen' });
    const reader = { email: 'reader@acme.test', password: 'the password of a reader' };
    await installation.must('POST', '/v1/members', { ...reader, name: 'Reader', role: 'viewer' });
    const other = await Visitor.open(installation.url);
    try {
      await other.enter(reader.email, reader.password);
      await other.walk('prices');
      await other.settled();
      await other.page.getByText('1% on every cost').waitFor();
      for (const name of ['Set own rates', 'Set mark-up', 'Price unknown models', /^(Change|End)/])
        expect(await other.button(name).count()).toBe(0);
      expect(other.problems).toEqual([]);
    } finally {
      await other.close();
    }
  }, 60_000);
});
