import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { Streams } from '../../src/cli/context.js';
import { readEnvironment } from '../../src/cli/environment.js';
import { runCommandLine } from '../../src/cli/program.js';
import { newId } from '../../src/kernel/ids.js';
import { Installation, type Json, OWNER, type ProjectFixture } from '../harness/installation.js';

let site: Installation;
let home: string;
let project: ProjectFixture;
let number = 0;

async function cli(args: readonly string[], stdin = ''): Promise<string> {
  const [input, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  input.end(stdin);
  const environment = readEnvironment({ XDG_CONFIG_HOME: home, IRON_CAGE_URL: site.url });
  const streams = { stdin: input, stdout, stderr } as unknown as Streams;
  const code = await runCommandLine(args, streams, environment);
  return `${code} ${String(stdout.read() ?? '')}${String(stderr.read() ?? '')}`;
}

async function json(args: readonly string[]): Promise<Json> {
  const answer = await cli([...args, '--json']);
  expect(answer).toMatch(/^0 /);
  return JSON.parse(answer.slice(2)) as Json;
}

const create = (...args: string[]) => cli(['refill', 'create', project.name, ...args]);
const available = async () => (await site.balance(project.id)).available;

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'ic-cli-refills-'));
  site = await Installation.start();
  const login = await cli(['login', '--email', OWNER.email, '--password-stdin'], OWNER.password);
  expect(login).toMatch(/^0 /);
});
afterAll(async () => {
  await site.stop();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(async () => {
  project = await site.project({ name: `Research ${++number}`, deposit: '5' });
});

it('fills up, adds, and adds up to a cap: at once, for the window that runs', async () => {
  expect(await create('month', '--set-to', '20')).toMatch(
    /^0 Each month, Research \d+: fill up to \$20\.00\. Done for this month; next \d{4}-/,
  );
  expect(await available()).toBe('20.000000000');
  expect(await create('day', '--add', '$1.50')).toContain('add $1.50.');
  expect(await available()).toBe('21.500000000');
  expect(await create('week', '--add', '10', '--cap', '25')).toContain('add $10.00, up to $25.00.');
  expect(await available()).toBe('25.000000000');

  const { items } = await json(['refill', 'list', project.name]);
  expect(items).toMatchObject([
    { mode: 'set-to', amount: '20.000000000', cap: null, window: 'month' },
    { mode: 'add', amount: '1.500000000', cap: null, window: 'day' },
    { mode: 'add-with-cap', amount: '10.000000000', cap: '25.000000000', window: 'week' },
  ]);
  const shown = await cli(['refills', 'list', project.id]);
  for (const text of ['fill up to $20.00', 'add $1.50', 'add $10.00, up to $25.00'])
    expect(shown).toContain(text);
});

it('is made once, however often the command is repeated with its id', async () => {
  const again = ['month', '--add', '3', '--request-id', newId()];
  const [first, second] = [await create(...again), await create(...again)];
  expect(second).toBe(first);
  expect(await available()).toBe('8.000000000');
  expect((await json(['refill', 'list', project.name]))['items']).toHaveLength(1);
  expect(await create('month', '--add', '4', ...again.slice(3))).toMatch(
    /^1 error: .*another refill/,
  );
});

it('is stopped by its id, and what it deposited stays', async () => {
  const made = await json(['refill', 'create', project.name, 'week', '--set-to', '9']);
  const remove = ['refill', 'remove', project.name, made['id'] as string];
  expect(await cli(remove)).toMatch(/^0 Removed\./);
  expect(await available()).toBe('9.000000000');
  expect(await cli(['refill', 'list', project.name])).toMatch(/^0 Nothing is deposited by itself/);
  expect(await cli(remove)).toMatch(/^1 error: .*\n +NOT_FOUND/);
});

it('says what is wrong with a command line, and changes nothing', async () => {
  const wrong: [string[], RegExp][] = [
    [['month'], /^2 error: Give one of --set-to and --add/],
    [['month', '--set-to', '1', '--add', '1'], /^2 error: Give one of --set-to and --add/],
    [['month', '--set-to', '1', '--cap', '2'], /^2 error: Give one of .* --cap goes with --add/],
    [['month', '--add', 'lots'], /^2 error: "lots" is not an amount/],
    [['month', '--add', '1', '--cap', '0'], /^2 error: "0" is not an amount/],
    [['year', '--add', '1'], /^2 error: .*'year' is invalid.* day, week, month/],
    [['day', '--add', '1', '--request-id', 'x'], /^2 error: --request-id must be a UUID/],
  ];
  for (const [args, answer] of wrong) expect(await create(...args)).toMatch(answer);
  expect(await cli(['refill', 'remove', project.name, 'all'])).toMatch(/^2 error: "all" is not/);
  expect(await cli(['refill', 'create', 'Reserch', 'day', '--add', '1'])).toMatch(
    /^1 error: There/,
  );
  expect((await json(['refill', 'list', project.name]))['items']).toEqual([]);
  expect(await available()).toBe('5.000000000');
});

it.each(['list', 'create', 'remove'])('explains %s within 80 columns', async (name) => {
  const help = (await cli(['refill', name, '--help'])).slice(2);
  expect(help).toMatch(new RegExp(`^Usage: iron-cage refill ${name}`));
  expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});
