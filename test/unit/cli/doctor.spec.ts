import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  checkDatabase,
  checkDataFolder,
  checkNode,
  checkRedis,
} from '../../../src/cli/doctor/machine-checks.js';
import { clockSkew } from '../../../src/cli/doctor/server-checks.js';
import { readEnvironment } from '../../../src/cli/environment.js';

let folder: string;
let server: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ic-doctor-'));
});
afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function fakeRedis(answer: (text: string) => string): Promise<number> {
  server = createServer((socket) =>
    socket.on('data', (text) => socket.write(answer(text.toString()))),
  );
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const verdicts = (environment: Record<string, string>): string[] =>
  checkDataFolder(readEnvironment(environment)).map(({ check, verdict }) => `${check} ${verdict}`);

describe('the doctor', () => {
  it('knows which Node is enough', () => {
    expect([
      checkNode('24.21.0').verdict,
      checkNode('22.22.0').verdict,
      checkNode('20.19.0').verdict,
    ]).toEqual(['ok', 'ok', 'fail']);
  });

  it('warns about clocks that differ, and says which is behind', () => {
    expect(clockSkew(1_000).verdict).toBe('ok');
    expect(clockSkew(10_000)).toMatchObject({
      verdict: 'warn',
      text: expect.stringContaining('behind'),
    });
    expect(clockSkew(-120_000)).toMatchObject({
      verdict: 'fail',
      text: expect.stringContaining('ahead'),
    });
  });

  it('fails on a master key that others may read, and says how to close it', () => {
    const data = path.join(folder, 'data');
    mkdirSync(data);
    expect(verdicts({ IRON_CAGE_DATA_DIR: data })).toContain('Master key warn');
    writeFileSync(path.join(data, 'kek'), 'x');
    chmodSync(path.join(data, 'kek'), 0o644);
    expect(verdicts({ IRON_CAGE_DATA_DIR: data })).toContain('Master key fail');
    chmodSync(path.join(data, 'kek'), 0o600);
    expect(verdicts({ IRON_CAGE_DATA_DIR: data })).toContain('Master key ok');
    expect(verdicts({ IRON_CAGE_DATA_DIR: data, IRON_CAGE_KEK: 'x' })).toContain('Master key ok');
  });

  it('asks for no data folder where a database is configured', () => {
    const missing = path.join(folder, 'none');
    expect(verdicts({ IRON_CAGE_DATA_DIR: missing })).toEqual(['Data folder warn']);
    expect(verdicts({ IRON_CAGE_DATA_DIR: missing, DATABASE_URL: 'postgres://db/ic' })).toEqual([]);
  });

  it('speaks with Redis', async () => {
    const port = await fakeRedis((text) =>
      text.includes('hunter2') ? '+OK\r\n+PONG\r\n' : '-NOAUTH Authentication required.\r\n',
    );
    expect(await checkRedis(`redis://:hunter2@127.0.0.1:${port}`)).toMatchObject({ verdict: 'ok' });
    expect(await checkRedis(`redis://127.0.0.1:${port}`)).toMatchObject({
      verdict: 'fail',
      text: expect.stringContaining('NOAUTH'),
    });
    expect(await checkRedis('redis://127.0.0.1:9')).toMatchObject({
      verdict: 'fail',
      text: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('never shows the password of a database that does not answer', async () => {
    const finding = await checkDatabase('postgres://me:hunter2@127.0.0.1:9/ic');
    expect(finding).toMatchObject({ verdict: 'fail' });
    expect(finding.text).not.toContain('hunter2');
  });
});
