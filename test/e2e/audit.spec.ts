import { Installation, type ProjectFixture } from '../harness/installation.js';
import { secondOrganization, signInAs } from '../harness/people.js';

interface Event {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly actorName: string | null;
  readonly action: string;
  readonly target: string;
  readonly targetName: string | null;
}

interface Page {
  readonly items: readonly Event[];
  readonly nextCursor: string | null;
}

describe('the audit log', () => {
  let installation: Installation;
  let project: ProjectFixture;
  let adminToken: string;
  let all: readonly Event[];
  beforeAll(async () => {
    installation = await Installation.start();
    project = await installation.project({ name: 'Contract review', deposit: '5' });
    adminToken = await signInAs(installation, 'admin');
    for (const [path, body] of [
      [`projects/${project.id}/pause`, { reason: 'Lunch' }],
      [`projects/${project.id}/resume`, {}],
      ['projects', { name: 'Evaluation' }],
    ] as const) {
      const { status } = await installation.as(adminToken, 'POST', `/v1/${path}`, body);
      expect(status).toBeLessThan(300);
    }
    all = (await list({ limit: '200' })).items;
  });
  afterAll(() => installation.stop());

  const list = (query: Record<string, string>): Promise<Page> =>
    installation.must<Page>('GET', `/v1/audit?${new URLSearchParams(query).toString()}`);
  const ids = (events: readonly Event[]): string[] => events.map(({ id }) => id);
  const refused = async (query: Record<string, string>) => {
    const path = `/v1/audit?${new URLSearchParams(query).toString()}`;
    const { status, body } = await installation.as(installation.token, 'GET', path);
    return { status, error: body['error'] as { code: string; message: string } };
  };

  it('is narrowed to one action, one actor and one target', async () => {
    const actor = all.find(({ actorName }) => actorName === 'The admin')?.actor ?? '';
    const target = `project:${project.id}`;
    for (const [name, value] of [
      ['action', 'project.create'],
      ['actor', actor],
      ['target', target],
    ] as const) {
      const expected = all.filter((event) => event[name] === value);
      expect(expected.length).toBeGreaterThan(1);
      expect(expected.length).toBeLessThan(all.length);
      expect(ids((await list({ [name]: value })).items)).toEqual(ids(expected));
    }
    const { items } = await list({ actor, target, action: 'project.pause' });
    expect(items).toEqual([
      expect.objectContaining({ actorName: 'The admin', targetName: 'Contract review' }),
    ]);
    expect((await list({ action: 'project' })).items).toEqual([]);
  });

  it('is narrowed to a time: its beginning is in it, its end is not', async () => {
    const from = all.at(-2)?.at ?? '';
    const to = all[1]?.at ?? '';
    const expected = all.filter(({ at }) => at >= from && at < to);
    expect(expected.length).toBeGreaterThan(1);
    expect(ids((await list({ from, to })).items)).toEqual(ids(expected));
    expect(ids((await list({ from })).items)).toEqual(ids(all.filter(({ at }) => at >= from)));
    expect((await list({ to: '1000-01-01T00:00:00Z' })).items).toEqual([]);
    expect((await list({ from: '9998-12-31T23:59:59Z' })).items).toEqual([]);
    expect(ids((await list({ from: '1000-01-01T00:00:00Z' })).items)).toEqual(ids(all));
  });

  it('keeps its filter from page to page', async () => {
    const expected = all.filter(({ target }) => target === `project:${project.id}`);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const more: Record<string, string> = cursor === null ? {} : { cursor };
      const page: Page = await list({ target: `project:${project.id}`, limit: '1', ...more });
      seen.push(...ids(page.items));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(ids(expected));
  });

  it('names people, keys, projects and secrets', () => {
    const named = (kind: string): unknown[] => [
      ...new Set(
        all.filter(({ target }) => target.startsWith(kind)).map(({ targetName }) => targetName),
      ),
    ];
    expect(named('project:')).toEqual(expect.arrayContaining(['Contract review', 'Evaluation']));
    expect(named('key:')).toEqual(['agent']);
    expect(named('secret:')).toEqual([expect.stringMatching(/^openai /)]);
    expect(named('user:')).toContain('The admin');
  });

  it('tells which actions there are', async () => {
    const { items } = await installation.must<{ items: string[] }>('GET', '/v1/audit/actions');
    expect([...items].sort()).toEqual([...new Set(all.map(({ action }) => action))].sort());
  });

  it('refuses a range that ends before it begins, and an empty filter', async () => {
    const at = '2026-01-01T00:00:00Z';
    const range = await refused({ from: at, to: at });
    expect([range.status, range.error.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(range.error.message).toContain('ends (to) after it begins (from)');
    expect((await refused({ actor: '' })).status).toBe(422);
    expect((await refused({ from: 'yesterday' })).status).toBe(422);
  });

  it('shows nothing of another organization, whatever is asked for', async () => {
    const other = await secondOrganization(installation);
    const target = encodeURIComponent(`project:${project.id}`);
    const { body } = await installation.as(other, 'GET', `/v1/audit?target=${target}`);
    expect(body['items']).toEqual([]);
    const actions = await installation.as(other, 'GET', '/v1/audit/actions');
    expect(actions.status).toBe(200);
    expect(actions.body['items']).not.toContain('project.create');
  });
});
