import { dollarWith, markupOf, matcherOf, type Override, previewOf } from './price-preview';

const listed = (model: string, provider = 'openai') => ({
  provider,
  model,
  source: 'table' as const,
  inputPerMillion: '1.25',
  cacheReadPerMillion: null,
  outputPerMillion: '10',
  otherRates: [],
  contextTokens: null,
  maxOutputTokens: null,
});
const TABLE = [listed('gpt-5'), listed('gpt-5-mini'), listed('o4-mini'), listed('gpt-5', 'azure')];
const override = (given: Partial<Override>): Override => ({
  id: 'an-id',
  projectId: null,
  provider: 'openai',
  model: 'gpt-5-mini',
  rates: { input: '0.2', output: '1.6' },
  tiers: [],
  from: '2026-01-01',
  until: null,
  actor: 'user:1',
  reason: 'contract',
  createdAt: '2026-01-01T00:00:00Z',
  ...given,
});
const WISH = {
  projectId: null,
  provider: 'openai',
  model: 'GPT-5*',
  from: '2026-06-01',
  rates: { input: '1', output: '8' },
};

describe('preview of own rates', () => {
  it('shows each model that is meant with what it costs until then: own rates before the table', () => {
    expect(previewOf(WISH, TABLE, [override({})])).toEqual({
      count: 2,
      lines: [
        { model: 'gpt-5', now: '$1.25 / $10.00', then: '$1.00 / $8.00' },
        { model: 'gpt-5-mini', now: '$0.20 / $1.60', then: '$1.00 / $8.00' },
      ],
      keepingProjectIds: [],
    });
  });

  it('tells what is paid where no token is, now and then', () => {
    const speech = {
      ...listed('tts-1'),
      inputPerMillion: '0.000000000',
      outputPerMillion: '0.000000000',
      otherRates: [{ unit: 'characters' as const, rate: '15.000000000', per: 1_000_000 }],
    };
    const rates = { input: '0', output: '0', characters: '12' };
    const wish = { ...WISH, model: 'tts-1', rates };
    const now = { model: 'tts-1', then: 'million characters $12.00' };
    expect(previewOf(wish, [speech], []).lines).toEqual([
      { ...now, now: 'million characters $15.00' },
    ]);
    const own = override({ model: 'tts*', rates: { ...rates, characters: '14' } });
    expect(previewOf(wish, [speech], [own]).lines).toEqual([
      { ...now, now: 'million characters $14.00' },
    ]);
  });

  it.each([
    ['end before', { until: '2026-06-01' }],
    ['begin after', { from: '2026-06-02' }],
    ["are another project's", { projectId: 'another' }],
    ["are another provider's", { provider: 'azure' }],
  ])('does not count own rates that %s', (_, given) => {
    const { lines } = previewOf({ ...WISH, model: 'gpt-5-mini' }, TABLE, [override(given)]);
    expect(lines).toEqual([{ model: 'gpt-5-mini', now: '$1.25 / $10.00', then: '$1.00 / $8.00' }]);
  });

  it('names the projects whose own rates go before those of the organization', () => {
    const own = [override({ projectId: 'one' }), override({ projectId: 'two', model: 'o4*' })];
    expect(previewOf(WISH, TABLE, own).keepingProjectIds).toEqual(['one']);
    expect(previewOf({ ...WISH, projectId: 'one' }, TABLE, own).keepingProjectIds).toEqual([]);
  });

  it('reads stars as the server does', () => {
    expect(matcherOf('*mini')('o4-mini')).toBe(true);
    expect(matcherOf('gpt.5')('gpt-5')).toBe(false);
    expect(matcherOf('gpt')('gpt-5')).toBe(false);
  });

  it("adds a project's mark-up, else the organization's", () => {
    const row = { actor: 'user:1', reason: 'r', updatedAt: '2026-01-01T00:00:00Z' };
    const terms = {
      markups: [
        { ...row, projectId: null, basisPoints: 250 },
        { ...row, projectId: 'one', basisPoints: 0 },
      ],
      ceilings: [],
    };
    expect(markupOf(terms, 'one')).toBe(0);
    expect(markupOf(terms, 'two')).toBe(250);
    expect(markupOf(undefined, null)).toBe(0);
    expect(dollarWith(250)).toBe('$1.025');
  });
});
