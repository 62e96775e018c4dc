import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { IronCage } from '../../sdk/src/core/iron-cage.js';
import type { IronCageOptions } from '../../sdk/src/core/options.js';
import {
  KeyRevokedError,
  LeaseUnavailableError,
  NoSecretError,
  ProjectPausedError,
} from '../../sdk/src/errors/catalogue.js';
import { startCountingProvider, type CountingProvider } from '../harness/counting-provider.js';
import { FakeServer, refusal } from './fake-server.js';
import { chatRequest, makeKey, models, secretsFor } from './rig.js';

const original = globalThis.fetch;
let provider: CountingProvider;
let server: FakeServer;
let foreign: CountingProvider;
let journalDir: string;
/** Accepts connections and never answers. */
let silent: Server;

beforeEach(async () => {
  provider = await startCountingProvider({ prices: {} });
  foreign = await startCountingProvider({ prices: {} });
  server = await FakeServer.start({ secrets: secretsFor(provider), models: models() });
  journalDir = mkdtempSync(join(tmpdir(), 'iron-cage-journal-'));
  silent = createServer(() => undefined);
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
});
afterEach(async () => {
  await IronCage.current()?.close();
  silent.closeAllConnections();
  silent.close();
  await Promise.all([provider.close(), foreign.close(), server.close()]);
  rmSync(journalDir, { recursive: true, force: true });
  expect(globalThis.fetch).toBe(original);
});

const options = (url: string, more: IronCageOptions = {}): IronCageOptions => ({
  key: makeKey(),
  url,
  journalDir,
  handleExit: false,
  ...more,
});
const silentUrl = (): string =>
  `http://127.0.0.1:${(silent.address() as AddressInfo).port.toString()}`;
const status = async (call: Promise<Response>): Promise<number> => (await call).status;

describe('a start that fails', () => {
  it('leaves fetch and the environment as they were, at once', async () => {
    server.keyState = 'revoked';
    const before = { ...process.env };
    const error: unknown = await IronCage.init(options(server.url)).catch((reason: unknown) => {
      expect(globalThis.fetch).toBe(original);
      expect(process.env).toEqual(before);
      expect(IronCage.current()).toBeUndefined();
      return reason;
    });
    expect(error).toBeInstanceOf(KeyRevokedError);
  });

  it('does not stop requests that have nothing to do with us, also by a fetch that was kept', async () => {
    server.keyState = 'revoked';
    const starting = IronCage.init(options(server.url));
    const kept = globalThis.fetch;
    const placeholder = process.env['OPENAI_API_KEY'] ?? '';
    expect(placeholder).toContain('ironcage-');
    await expect(starting).rejects.toBeInstanceOf(KeyRevokedError);
    expect(await status(kept(`${foreign.url}/v1/models`))).toBe(200);
    expect(await status(kept(`${foreign.url}/v1/nothing`, { method: 'POST', body: '{}' }))).toBe(
      404,
    );
    const authorization = `Bearer ${placeholder}`;
    const ours = [
      kept(`${foreign.url}/v1/models`, { headers: { authorization } }),
      kept('https://api.openai.com/v1/chat/completions', chatRequest()),
    ];
    for (const call of ours) await expect(call).rejects.toBeInstanceOf(KeyRevokedError);
    expect(foreign.requests).toBe(2);
  });

  it.each<[string, () => string, new (...args: never[]) => Error]>([
    [
      'the project has no key of a provider',
      () => {
        server.secrets = [];
        return server.url;
      },
      NoSecretError,
    ],
    [
      'the project is paused',
      () => {
        server.project = 'paused';
        return server.url;
      },
      ProjectPausedError,
    ],
    [
      'the server fails at everything',
      () => {
        server.intercept = () => ({ status: 500, body: refusal('INTERNAL') });
        return server.url;
      },
      LeaseUnavailableError,
    ],
    ['the server does not answer', silentUrl, LeaseUnavailableError],
    ['no server is there', () => 'http://127.0.0.1:9', LeaseUnavailableError],
  ])('says so when %s, and lets nothing of ours leave', async (_, prepare, type) => {
    const starting = IronCage.init(options(prepare(), { startTimeoutMs: 400 }));
    const authorization = `Bearer ${process.env['OPENAI_API_KEY'] ?? ''}`;
    const call = fetch(`${foreign.url}/v1/models`, { headers: { authorization } });
    const [started, left] = await Promise.allSettled([starting, call]);
    expect(started).toMatchObject({ status: 'rejected', reason: expect.any(type) as unknown });
    expect(left).toMatchObject({ status: 'rejected', reason: expect.any(type) as unknown });
    expect(foreign.requests).toBe(0);
  });

  it('can be followed by one that works', async () => {
    server.keyState = 'revoked';
    await expect(IronCage.init(options(server.url))).rejects.toBeInstanceOf(KeyRevokedError);
    server.keyState = 'active';
    const cage = await IronCage.init(options(server.url));
    expect(globalThis.fetch).toBe(cage.fetch);
    await cage.close();
  });
});

describe('while a start is under way', () => {
  it('lets others pass at once, and keeps back what is ours or may be', async () => {
    const starting = IronCage.init(options(silentUrl(), { startTimeoutMs: 600 }));
    const ended = starting.then(
      () => 'started',
      (error: unknown) => error,
    );
    const authorization = `Bearer ${process.env['OPENAI_API_KEY'] ?? ''}`;
    const ours = fetch(`${foreign.url}/v1/models`, { headers: { authorization } });
    const refused = expect(ours).rejects.toBeInstanceOf(LeaseUnavailableError);
    const perhaps = status(fetch(`${foreign.url}/v1/chat/completions`, chatRequest()));
    const first = await Promise.race([status(fetch(`${foreign.url}/v1/models`)), perhaps, ended]);
    expect(first).toBe(200);
    expect(foreign.requests).toBe(1);
    await refused;
    expect(await ended).toBeInstanceOf(LeaseUnavailableError);
    // Only its look was that of a call to a model: now it is nobody's business of ours.
    expect(await perhaps).toBeGreaterThanOrEqual(200);
    expect(foreign.requests).toBe(2);
  });
});
