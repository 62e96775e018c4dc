import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { Streams } from '../../src/cli/context.js';
import { readEnvironment } from '../../src/cli/environment.js';
import { runCommandLine } from '../../src/cli/program.js';
import { Installation, type Json, OWNER, type ProjectFixture } from '../harness/installation.js';

let site: Installation;
let home = '';
let project: ProjectFixture;

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function cli(args: readonly string[], stdin = '', columns?: number): Promise<Result> {
  const [input, out, err] = [new PassThrough(), new PassThrough(), new PassThrough()];
  input.end(stdin);
  const environment = readEnvironment({ XDG_CONFIG_HOME: home, IRON_CAGE_URL: site.url });
  const stdout = Object.assign(out, columns === undefined ? {} : { columns });
  const streams = { stdin: input, stdout, stderr: err } as unknown as Streams;
  const code = await runCommandLine(args, streams, environment);
  return { code, out: String(out.read() ?? ''), err: String(err.read() ?? '') };
}

const log = (...args: string[]) => cli(['audit', 'log', ...args]);

async function events(...args: string[]): Promise<Json[]> {
  const { code, out, err } = await log(...args, '--json');
  expect([code, err]).toEqual([0, '']);
  return (JSON.parse(out) as { items: Json[] }).items;
}

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'ic-cli-audit-'));
  site = await Installation.start();
  await cli(['login', '--email', OWNER.email, '--password-stdin'], OWNER.password);
  project = await site.project({ name: 'Research', deposit: '5', secret: false });
  await site.project({ name: 'Support', secret: false });
  await site.must('POST', `/v1/projects/${project.id}/pause`, {});
  await site.must('POST', `/v1/projects/${project.id}/resume`, {});
});
afterAll(async () => {
  await site.stop();
  rmSync(home, { recursive: true, force: true });
});

describe('iron-cage audit log', () => {
  it('tells who did what to what, newest first, with names', async () => {
    const { code, out } = await log();
    expect(code).toBe(0);
    const [head, first, second] = out.split('\n');
    expect(head).toMatch(/^WHEN +WHO +WHAT +ABOUT +DETAILS$/);
    expect(first).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +\S.* project\.resume +project Research/,
    );
    expect(second).toMatch(/ project\.pause +project Research/);
    expect(first).toContain(OWNER.name);
  });

  it('fits 80 columns; what has no room is said', async () => {
    const { out, err } = await cli(['audit', 'log'], '', 80);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(out).toContain('project.pause');
    expect(err).toContain('Left out for lack of room: details. --json has all.');
  });

  it('is narrowed by what, by whom, about what and when, also together', async () => {
    expect(await events('--action', 'project.pause')).toMatchObject([
      { action: 'project.pause', target: `project:${project.id}`, targetName: 'Research' },
    ]);
    const about = await events('--about', 'Research');
    expect(about.length).toBeGreaterThanOrEqual(3);
    expect(new Set(about.map(({ target }) => target as string))).toEqual(
      new Set([`project:${project.id}`]),
    );
    expect(await events('--about', `project:${project.id}`)).toEqual(about);
    const mine = await events('--actor', OWNER.email.toUpperCase(), '--action', 'project.create');
    expect(mine.map(({ targetName }) => targetName as string)).toEqual(['Support', 'Research']);
    expect(await events('--actor', project.keyId)).toEqual([]);

    const [pause] = await events('--action', 'project.pause');
    const at = pause?.['at'] as string;
    expect((await events('--to', at)).some(({ id }) => id === pause?.['id'])).toBe(false);
    expect((await events('--from', at)).some(({ id }) => id === pause?.['id'])).toBe(true);
    expect(await events('--from', '2999-01-01')).toEqual([]);
    expect((await events('--from', at.slice(0, 10))).map(({ id }) => id as string)).toContain(
      pause?.['id'],
    );
  });

  it('tells when there is more, and goes on over pages', async () => {
    const all = await events('--limit', '1000');
    const { out, err } = await log('--limit', '2');
    expect(out.trimEnd().split('\n')).toHaveLength(3);
    expect(err).toContain('There are more; show them with --limit');
    for (let round = 0; round < 210; round += 1)
      await site.must('PATCH', `/v1/projects/${project.id}`, { name: 'Research' });
    const many = await events('--limit', '205');
    expect(new Set(many.map(({ id }) => id as string)).size).toBe(205);
    expect((await events('--limit', '1000')).slice(-all.length)).toEqual(all);
  }, 60_000);

  it('says what to do about what cannot be', async () => {
    const none = await log('--action', 'project.exploded');
    expect(none).toMatchObject({
      code: 0,
      out: expect.stringContaining('iron-cage audit actions'),
    });
    const cases = [
      [['--actor', 'nobody@acme.test'], 1, /There is no member "nobody@acme\.test"/],
      [['--about', 'Reserch'], 1, /Did you mean "Research"\?/],
      [['--from', 'yesterday'], 2, /"yesterday" is not a time/],
      [['--limit', '0'], 2, /whole number from 1 to 10000/],
    ] as const;
    for (const [args, code, message] of cases) {
      const answer = await log(...args);
      expect([args, answer.code]).toEqual([args, code]);
      expect(answer.err).toMatch(message);
    }
  });

  it('is refused to who may not read it', async () => {
    const reader = { email: 'viewer@acme.test', password: 'the password of a viewer' };
    await site.must('POST', '/v1/members', { ...reader, name: 'Viewer', role: 'viewer' });
    const before = home;
    home = mkdtempSync(path.join(tmpdir(), 'ic-cli-reader-'));
    try {
      await cli(['login', '--email', reader.email, '--password-stdin'], reader.password);
      const { code, err } = await log();
      expect([code, err]).toEqual([1, expect.stringContaining('FORBIDDEN')]);
    } finally {
      rmSync(home, { recursive: true, force: true });
      home = before;
    }
  });
});

it('the kinds of events are listed', async () => {
  const { code, out } = await cli(['audit', 'actions']);
  expect(code).toBe(0);
  expect(out.trim().split('\n')).toEqual(
    expect.arrayContaining(['key.create', 'project.create', 'project.pause']),
  );
});

it('the ledger is still checked by `iron-cage audit` alone', async () => {
  expect(await cli(['audit'])).toMatchObject({
    code: 0,
    out: expect.stringContaining('The ledger is consistent'),
  });
});

it.each(['audit', 'audit log', 'audit actions'])(
  '%s is explained within 80 columns',
  async (command) => {
    const { out } = await cli([...command.split(' '), '--help']);
    expect(out).toMatch(new RegExp(`^Usage: iron-cage ${command}`));
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  },
);
