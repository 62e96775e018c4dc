import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { Streams } from '../../src/cli/context.js';
import { readEnvironment } from '../../src/cli/environment.js';
import { runCommandLine } from '../../src/cli/program.js';
import { callFrom } from '../harness/call-from.js';
import {
  Installation,
  OWNER,
  type ProjectFixture,
  sessionRequest,
} from '../harness/installation.js';
import { eventually } from '../harness/people.js';

let site: Installation;
let home: string;
let project: ProjectFixture;

async function cli(args: readonly string[], stdin = ''): Promise<string> {
  const [input, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  input.end(stdin);
  const environment = readEnvironment({ XDG_CONFIG_HOME: home, IRON_CAGE_URL: site.url });
  const streams = { stdin: input, stdout, stderr } as unknown as Streams;
  const code = await runCommandLine(args, streams, environment);
  return `${code} ${String(stdout.read() ?? '')}${String(stderr.read() ?? '')}`;
}

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'ic-cli-people-'));
  site = await Installation.start();
  project = await site.project({ name: 'Research', deposit: '5' });
  const login = await cli(['login', '--email', OWNER.email, '--password-stdin'], OWNER.password);
  expect(login).toMatch(/^0 /);
});
afterAll(async () => {
  await site.stop();
  rmSync(home, { recursive: true, force: true });
});

it('lists running agents and stops one', async () => {
  const session = await site.session(project.key);
  expect(await cli(['session', 'list', '--project', 'Research'])).toContain(session);
  expect(await cli(['sessions', 'kill', session, '--reason', 'loops'])).toMatch(
    /^0 test-agent is stopped\. 0 leases revoked, \$0\.00 went back to Research\./,
  );
  expect(await cli(['session', 'list'])).toMatch(/^0 No agent runs now\./);
  expect(await cli(['session', 'list', '--all'])).toContain('killed');
  expect(await cli(['session', 'kill', 'nonsense'])).toMatch(/^1 /);
});

it('says what is strange, shows it, and releases it', async () => {
  expect(
    await cli([
      'anomaly',
      'policy',
      'Research',
      '--velocity',
      'pause',
      '--group',
      'Egress=203.0.113.0/28',
    ]),
  ).toMatch(/Too fast +pause[\s\S]*Group Egress +203\.0\.113\.0\/28/);
  for (const ip of ['127.0.0.5', '127.0.0.6'])
    await callFrom(ip, site.url, 'POST', '/v1/sdk/sessions', {
      token: project.key,
      body: sessionRequest(),
    });
  await eventually(async () => expect(await cli(['anomaly', 'list'])).toContain('block'));
  expect(await cli(['alerts', '--kind', 'key.anomaly'])).toContain('key.anomaly');
  expect(await cli(['alerts', '--kind', 'no.such'])).toMatch(/^0 Nothing that you need/);
  const { items } = await site.must('GET', '/v1/anomalies');
  expect(await cli(['anomalies', 'release', items[0].id])).toBe(
    '0 Released: key "agent" of Research.\n',
  );
  expect(await cli(['anomaly', 'list'])).toMatch(/^0 Nothing strange was seen\./);
});

it('changes and removes members, and the own password', async () => {
  const email = 'ben@acme.test';
  await site.must('POST', '/v1/members', {
    email,
    name: 'Ben',
    role: 'viewer',
    password: 'x'.repeat(12),
  });
  expect(await cli(['member', 'role', email, 'admin'])).toBe(`0 ${email} is admin now.\n`);
  expect(await cli(['member', 'disable', email])).toBe(`0 ${email} is disabled.\n`);
  expect(await cli(['member', 'list'])).toContain('disabled');
  expect(await cli(['member', 'enable', email])).toBe(`0 ${email} may sign in again.\n`);
  expect(await cli(['member', 'remove', email])).toBe(`0 ${email} is no member any more.\n`);
  expect(await cli(['member', 'remove', 'owne@acme.test'])).toContain(
    `Did you mean "${OWNER.email}"?`,
  );
  expect(await cli(['member', 'remove', OWNER.email])).toContain('LAST_OWNER');
  const next = 'an even longer password';
  expect(await cli(['password', '--password-stdin'], `wrong\n${next}\n`)).toContain(
    'PASSWORD_WRONG',
  );
  expect(await cli(['password', '--password-stdin'], `${OWNER.password}\n${next}\n`)).toMatch(
    /^0 /,
  );
  expect(await cli(['whoami'])).toMatch(/^0 /);
});

it('sets the calendar of the organization', async () => {
  expect(await cli(['organization', 'set'])).toMatch(/^2 .*Say what to change/s);
  expect(await cli(['organization', 'set', '--time-zone', 'Mars/Olympus'])).toMatch(
    /^1 .*timeZone/s,
  );
  expect(
    await cli(['org', 'set', '--time-zone', 'Europe/Berlin', '--month-starts-on', '15']),
  ).toMatch(/^0 Name {10}Acme\nTime zone {5}Europe\/Berlin\nMonths start {2}on day 15\n/);
  expect(await cli(['whoami'])).toMatch(/\nOrganization {2}Acme \(/);
});

it('says who moved the money', async () => {
  expect(await cli(['ledger', 'Research'])).toMatch(new RegExp(`DEPOSIT.*${OWNER.email}`));
});

it('asks before it archives', async () => {
  expect(await cli(['project', 'archive', 'Research'])).toMatch(/^2 .*Use --yes/s);
});

it('archives a project once nothing is leased', async () => {
  await cli(['anomaly', 'policy', 'Research', '--addresses', 'off']);
  expect(await cli(['project', 'archive', 'Research', '--yes'])).toMatch(
    /^0 Research is archived\. \$5\.00 in it can be withdrawn\./,
  );
});
