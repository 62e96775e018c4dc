import { Installation, type ProjectFixture } from '../harness/installation.js';

/** Reads `event: state` messages of a session's stream until the reader is closed. */
async function listen(url: string, key: string, sessionId: string) {
  const abort = new AbortController();
  const response = await fetch(`${url}/v1/sdk/sessions/${sessionId}/events`, {
    headers: { authorization: `Bearer ${key}` },
    signal: abort.signal,
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const seen: Record<string, string>[] = [];
  const waiting: (() => void)[] = [];
  const ended = (async () => {
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const data = /^event: state\ndata: (.*)$/.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (data !== undefined) seen.push(JSON.parse(data));
        waiting.splice(0).forEach((wake) => wake());
      }
    }
  })().catch(() => undefined);
  const until = async (
    test: (state: Record<string, string>) => boolean,
  ): Promise<Record<string, string>> => {
    for (;;) {
      const found = seen.find(test);
      if (found) return found;
      await new Promise<void>((wake) => waiting.push(wake));
    }
  };
  return { until, ended, close: () => abort.abort() };
}

describe('what a running agent is told', () => {
  let site: Installation;
  let project: ProjectFixture;
  let session: string;

  beforeAll(async () => {
    site = await Installation.start();
  });
  afterAll(() => site.stop());
  beforeEach(async () => {
    project = await site.project({ deposit: '2.50' });
    session = await site.session(project.key);
  });

  it('gets the state at once, a pause and a resume as they happen', async () => {
    const stream = await listen(site.url, project.key, session);
    expect(await stream.until(() => true)).toMatchObject({
      session: 'active',
      key: 'active',
      project: 'active',
      available: '2.500000000',
    });
    await site.must('POST', `/v1/projects/${project.id}/pause`, {});
    const paused = performance.now();
    await stream.until((state) => state['project'] === 'paused');
    expect(performance.now() - paused).toBeLessThan(2_000);
    stream.close();
    expect(
      (await site.as(project.key, 'POST', `/v1/sdk/sessions/${session}/heartbeat`, {})).body,
    ).toMatchObject({ project: 'paused' });
  });

  it('learns within two seconds what holds about personal data', async () => {
    const stream = await listen(site.url, project.key, session);
    expect(await stream.until(() => true)).toMatchObject({
      pii: { email: 'block', phone: 'redact' },
    });
    const patterns = [{ name: 'EMPLOYEE_ID', pattern: 'EMP-[0-9]{5}', action: 'redact' }];
    const policy = { pii: { email: 'warn', patterns } };
    await site.must('PATCH', `/v1/projects/${project.id}`, { policy });
    const changed = performance.now();
    const told = await stream.until(({ pii }) => JSON.stringify(pii).includes('EMPLOYEE_ID'));
    expect(performance.now() - changed).toBeLessThan(2_000);
    expect(told).toMatchObject({ pii: { email: 'warn', phone: 'redact', patterns } });
    stream.close();
    const heartbeat = `/v1/sdk/sessions/${session}/heartbeat`;
    expect((await site.as(project.key, 'POST', heartbeat, {})).body['pii']).toEqual(told['pii']);
  });

  it('learns within two seconds what holds about calls of unknown cost', async () => {
    const stream = await listen(site.url, project.key, session);
    expect(await stream.until(() => true)).toMatchObject({ unbounded: 'cap' });
    const change = (unbounded: string) =>
      site.as(site.token, 'PATCH', `/v1/projects/${project.id}`, { policy: { unbounded } });
    expect((await change('allow')).status).toBe(422);
    expect((await change('block')).status).toBe(200);
    const changed = performance.now();
    await stream.until(({ unbounded }) => unbounded === 'block');
    expect(performance.now() - changed).toBeLessThan(2_000);
    stream.close();
  });

  it('learns that its key was revoked, and the stream ends', async () => {
    const stream = await listen(site.url, project.key, session);
    await stream.until(() => true);
    await site.must('DELETE', `/v1/keys/${project.keyId}`);
    await stream.until((state) => state['key'] === 'revoked');
    await stream.ended;
    expect(
      (await site.as(project.key, 'POST', `/v1/sdk/sessions/${session}/heartbeat`, {})).body,
    ).toMatchObject({ error: { code: 'KEY_REVOKED' } });
  });

  it('counts as a running agent until it ends', async () => {
    expect(await site.must('GET', `/v1/projects/${project.id}`)).toMatchObject({ activeAgents: 1 });
    expect((await site.as(project.key, 'DELETE', `/v1/sdk/sessions/${session}`)).status).toBe(204);
    expect(await site.must('GET', `/v1/projects/${project.id}`)).toMatchObject({ activeAgents: 0 });
    expect(
      (await site.as(project.key, 'POST', `/v1/sdk/sessions/${session}/heartbeat`, {})).body,
    ).toMatchObject({ session: 'ended' });
  });

  it('sees no session of another key', async () => {
    const other = await site.project();
    for (const [method, path] of [
      ['GET', 'events'],
      ['POST', 'heartbeat'],
    ] as const) {
      expect(
        (
          await site.as(
            other.key,
            method,
            `/v1/sdk/sessions/${session}/${path}`,
            method === 'POST' ? {} : undefined,
          )
        ).status,
      ).toBe(404);
    }
  });
});
