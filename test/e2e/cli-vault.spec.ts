import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCli } from '../harness/command-line.js';
import { Installation, OWNER } from '../harness/installation.js';
import { delivered, sealedSession } from '../harness/vault.js';

const value = (name: string) => `sk-${name}-0123456789abcdef`;

describe('the vault on the command line', () => {
  let site: Installation;
  let home: string;
  beforeAll(async () => {
    site = await Installation.start();
    home = mkdtempSync(path.join(tmpdir(), 'ic-cli-vault-'));
  });
  afterAll(async () => {
    await site.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const cli = (args: readonly string[], variables: Record<string, string> = {}) =>
    runCli(args, {
      XDG_CONFIG_HOME: home,
      IRON_CAGE_URL: site.url,
      ...variables,
    });
  const json = async (args: readonly string[], variables = {}) => {
    const { code, out, err } = await cli([...args, '--json'], variables);
    if (code !== 0) throw new Error(`iron-cage ${args.join(' ')}: ${code} ${err}`);
    return JSON.parse(out);
  };
  // Signing in anew for each command would meet the limit on sign-ins.
  beforeAll(async () => {
    const login = ['login', '--email', OWNER.email, '--password-stdin'];
    const variables = { XDG_CONFIG_HOME: home, IRON_CAGE_URL: site.url };
    expect((await runCli(login, variables, OWNER.password)).code).toBe(0);
  });

  it('stores keys of any HTTP API, for one environment, one header and some paths', async () => {
    const project = await site.project({ name: 'Weather', secret: false });
    const add = ['secret', 'add', 'weather', '--provider', 'weather', '--project', 'Weather'];
    const terms = ['--path', '/v2/', '--header', 'X-API-Key: {secret}', '--unmetered'];
    const from = ['--environment', 'dev', '--from-env', 'WEATHER_KEY'];
    const host = ['--host', 'api.weather.example'];
    const variables = { WEATHER_KEY: value('one') };
    expect((await cli([...add, ...from], variables)).err).toContain('no provider "weather"');
    expect(await json([...add, ...host, ...terms, ...from], variables)).toMatchObject({
      hosts: ['api.weather.example'],
      paths: ['/v2/'],
      header: { name: 'x-api-key', value: '{secret}' },
      metered: false,
      environment: 'dev',
      fields: [{ name: 'WEATHER_KEY', last4: 'cdef' }],
    });
    expect(
      await json(['secret', 'update', 'weather', '--any-path', '--header', 'none']),
    ).toMatchObject({ paths: [], header: null, metered: false });
    expect(await cli(['secret', 'update', 'weather'])).toMatchObject({ code: 2 });
    expect(await cli(['secret', 'update', 'weather', '--header', 'x'])).toMatchObject({ code: 2 });
    expect(await delivered(site.url, project.key, 'WEATHER_KEY')).toEqual([value('one')]);
  });

  it('lists, rolls back and destroys versions', async () => {
    const project = await site.project({ name: 'Versions', secret: false });
    const add = ['secret', 'add', 'main', '--provider', 'openai', '--project', 'Versions'];
    await json([...add, '--from-env', 'KEY'], { KEY: value('one') });
    await sealedSession(site.url, project.key);
    await json(['secret', 'rotate', 'main', '--from-env', 'KEY'], { KEY: value('two') });
    const { out } = await cli(['secret', 'versions', 'main']);
    expect(out).toMatch(/2\s+current\s+0\s+OPENAI_API_KEY …cdef\s+Rosa Owner/);
    expect(out).toMatch(/1\s+still held\s+1/);
    expect(await cli(['secret', 'destroy-version', 'main', '1', '--yes'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('SECRET_IN_USE'),
    });
    expect(await json(['secret', 'rollback', 'main', '1'])).toMatchObject({ version: 1 });
    expect(await json(['secret', 'destroy-version', 'main', '2', '--yes'])).toMatchObject({
      destroyed: true,
    });
    expect((await cli(['secret', 'destroy-version', 'main', '2'])).code).toBe(2);
    expect(await cli(['secret', 'rollback', 'main', '2'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('was destroyed'),
    });
    expect(await cli(['secret', 'rollback', 'main', 'x'])).toMatchObject({ code: 2 });
  });

  it('rotates, rewraps, seals, opens and shreds', async () => {
    expect(await json(['vault', 'status'])).toMatchObject({ sealed: false, dataKeyVersion: 1 });
    expect(await json(['vault', 'rotate'])).toMatchObject({ dataKeyVersion: 2, remaining: 0 });
    expect((await cli(['vault', 'status'])).out).toMatch(
      /Open\nMaster key {2}[0-9a-f]{16}\nData key {4}version 2/,
    );
    expect(await json(['vault', 'rewrap'])).toMatchObject({ rewrapped: 0, retired: [] });
    expect(await cli(['vault', 'seal'])).toMatchObject({ code: 2 });
    await json(['vault', 'seal', '--reason', 'a drill', '--yes']);
    expect((await cli(['vault', 'status'])).out).toContain('Sealed since');
    const add = ['secret', 'add', 'late', '--provider', 'openai', '--from-env', 'KEY'];
    expect(await cli(add, { KEY: value('x') })).toMatchObject({
      code: 1,
      err: expect.stringContaining('VAULT_SEALED'),
    });
    expect(await json(['vault', 'unseal'])).toMatchObject({ sealed: false });
    expect(await cli(['vault', 'shred'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--confirm'),
    });
    expect(await cli(['vault', 'shred', '--confirm', 'acme'])).toMatchObject({ code: 1 });
    expect(await json(['vault', 'shred', '--confirm', 'Acme'])).toMatchObject({ dataKeys: 1 });
    expect(await json(['secret', 'list'])).toEqual({ items: [] });
  });
});
