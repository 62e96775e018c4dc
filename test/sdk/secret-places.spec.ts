import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  KeyRevokedError,
  ProjectPausedError,
  SecretHostError,
  SecretsExpiredError,
} from '../../sdk/src/errors/catalogue.js';
import { SecretStore, UNMETERED } from '../../sdk/src/secrets/secret-store.js';
import type { WireSecret } from '../../sdk/src/wire/protocol.js';
import type { FakeSecret } from './fake-server.js';
import { chatRequest, REAL_OPENAI_KEY, startRig, until, type Rig } from './rig.js';

const REAL = 'weather-real-key-0123456789';

interface Arrived {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** Some HTTP API that knows nothing of models. */
class WebApi {
  readonly arrived: Arrived[] = [];
  readonly #server: Server = createServer((request, response) => {
    this.arrived.push({ path: request.url ?? '', headers: request.headers });
    if (request.url === '/v2/moved') {
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    } else {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
    }
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port.toString()}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe('a secret of an API that sells no models', () => {
  let api: WebApi;
  let rig: Rig;
  const secret = (change: Partial<FakeSecret> = {}): FakeSecret => ({
    provider: 'weather',
    hosts: [api.host],
    fields: { WEATHER_KEY: REAL },
    paths: ['/v2/', '/status'],
    header: { name: 'authorization', value: 'Bearer {secret}' },
    metered: false,
    ...change,
  });
  const arrived = () => api.arrived.at(-1);
  beforeEach(async () => {
    api = await new WebApi().start();
    rig = await startRig({ secrets: [secret()] });
  });
  afterEach(async () => {
    await rig.close();
    api.stop();
  });

  it('is put into its header, costs nothing and needs no lease', async () => {
    const answer = await rig.cage.fetch(`${api.url}/v2/today?city=Oslo`);
    expect(await answer.json()).toEqual({ ok: true });
    expect(arrived()).toMatchObject({
      path: '/v2/today?city=Oslo',
      headers: { authorization: `Bearer ${REAL}` },
    });
    expect(rig.server.leases.size).toBe(0);
  });

  it('replaces what the client wrote there, also from a Request', async () => {
    const headers = { authorization: `Bearer ${rig.environment['WEATHER_KEY'] ?? ''}`, 'x-a': 'b' };
    await rig.cage.fetch(new Request(`${api.url}/v2/x`, { method: 'POST', body: '{}', headers }));
    expect(arrived()?.headers).toMatchObject({ authorization: `Bearer ${REAL}`, 'x-a': 'b' });
  });

  it.each([
    '/v1/x',
    '/v2',
    '/v2x',
    '/statusx',
    '/v2/../admin',
    '/v2/%2e%2e/admin',
    '/v2%2fx',
    '/v2/..%2fadmin',
    '/v2/..;/admin',
    '/v2/%5c..%5cadmin',
  ])('is not sent to %s', async (path) => {
    await rig.cage.fetch(api.url + path);
    expect(arrived()?.headers['authorization']).toBeUndefined();
    const headers = { 'x-api-key': rig.environment['WEATHER_KEY'] ?? '' };
    const before = api.arrived.length;
    await expect(rig.cage.fetch(api.url + path, { headers })).rejects.toBeInstanceOf(
      SecretHostError,
    );
    expect(api.arrived).toHaveLength(before);
  });

  it.each(['/v2/', '/v2/a/b', '/status', '/status/1', '/v2//x'])('is sent to %s', async (path) => {
    await rig.cage.fetch(api.url + path);
    expect(arrived()?.headers['authorization']).toBe(`Bearer ${REAL}`);
  });

  it('does not follow a redirect', async () => {
    expect((await rig.cage.fetch(`${api.url}/v2/moved`)).status).toBe(302);
  });

  it('is stopped by a pause like everything else', async () => {
    rig.server.project = 'paused';
    rig.server.push();
    await until('the pause', () => rig.cage.budget().state === 'paused');
    await expect(rig.cage.fetch(`${api.url}/v2/x`)).rejects.toBeInstanceOf(ProjectPausedError);
    expect(api.arrived).toEqual([]);
  });

  it('is fetched again when it was rotated', async () => {
    await rig.cage.fetch(`${api.url}/v2/x`);
    rig.server.rotate([secret({ fields: { WEATHER_KEY: 'rotated-key' } })]);
    await until('the next session', () => rig.server.sessions.length === 2);
    for (let round = 0; round < 100; round += 1) {
      await rig.cage.fetch(`${api.url}/v2/x`);
      if (arrived()?.headers['authorization'] === 'Bearer rotated-key') break;
    }
    expect(arrived()?.headers['authorization']).toBe('Bearer rotated-key');
    rig.server.push();
    expect(rig.server.sessions).toHaveLength(2);
  });

  it('is wiped when the project has none any more', async () => {
    const told: string[] = [];
    rig.cage.on('warning', ({ code }) => told.push(code));
    rig.server.rotate([]);
    await until('the refusal', () => rig.server.count('POST /v1/sdk/sessions') >= 2);
    await until('the warning', () => told.includes('SECRETS_NOT_REFRESHED'));
    await expect(rig.cage.fetch(`${api.url}/v2/x`)).rejects.toBeInstanceOf(SecretsExpiredError);
    expect(api.arrived).toEqual([]);
  });

  it('is wiped when the key is revoked, and out of the environment too', async () => {
    const plain = await startRig({ secrets: [secret()], cage: { inject: 'env' } });
    expect(plain.environment['WEATHER_KEY']).toBe(REAL);
    plain.server.keyState = 'revoked';
    plain.server.push();
    await until('the environment is clean', () => plain.environment['WEATHER_KEY'] === undefined);
    await expect(plain.cage.fetch(`${api.url}/v2/x`)).rejects.toBeInstanceOf(KeyRevokedError);
    await plain.close();
  });
});

describe('a secret of a provider', () => {
  it('goes only to the paths that it names, and a header of its own is set there', async () => {
    const first = await startRig();
    const rig = await startRig({
      secrets: [
        {
          provider: 'openai',
          hosts: [first.provider.host],
          fields: { OPENAI_API_KEY: REAL_OPENAI_KEY },
          paths: ['/v1/chat/'],
          header: { name: 'authorization', value: 'Bearer {OPENAI_API_KEY}' },
        },
      ],
    });
    await rig.cage.fetch(`${first.provider.url}/v1/chat/completions`, chatRequest());
    expect(first.provider.bill().records[0]?.apiKey).toBe(REAL_OPENAI_KEY);
    await expect(
      rig.cage.fetch(`${first.provider.url}/v1/embeddings`, chatRequest()),
    ).rejects.toBeInstanceOf(SecretHostError);
    expect(first.provider.requests).toBe(1);
    await rig.close();
    await first.close();
  });

  const stored = (change: Partial<WireSecret>): SecretStore =>
    new SecretStore([
      {
        id: '1',
        name: 'n',
        provider: 'mine',
        version: 1,
        hosts: ['api.example.com'],
        fields: { A_KEY: 'a', B_KEY: 'b' },
        ...change,
      },
    ]);

  it('is metered whatever the secret says, where models are sold', () => {
    const store = stored({ hosts: ['api.openai.com', 'api.example.com'], metered: false });
    expect(store.providerAt(new URL('https://api.openai.com/v1/x'))).toBe('mine');
    expect(store.providerAt(new URL('https://api.example.com/v1/x'))).toBe(UNMETERED);
    expect(stored({}).providerAt(new URL('https://api.example.com/v1/x'))).toBe('mine');
  });

  it('sets no header that names a field which is not there', () => {
    const at = new URL('https://api.example.com/');
    const header = (value: string) => stored({ header: { name: 'x-key', value } }).headersFor(at);
    expect([...header('{A_KEY}:{B_KEY}')]).toEqual([['x-key', 'a:b']]);
    expect([...header('{secret}')]).toEqual([]);
    expect([...header('{C_KEY}')]).toEqual([]);
    expect([...header('$&{A_KEY}')]).toEqual([['x-key', '$&a']]);
  });
});
