import type { Command } from 'commander';
import type { AgentSession, KillAnswer } from '../api/types.js';
import type { Action, Context } from '../context.js';
import { findKeyId, findProject } from '../resolve.js';
import { dollars, moment, plural } from '../terminal/format.js';
import { table } from '../terminal/table.js';

interface ListOptions {
  readonly project?: string;
  readonly key?: string;
  readonly all?: boolean;
}

type Run = (action: Action) => Promise<void>;

const MOST_LISTED = 1_000;

export function addAgentSessionCommands(program: Command, run: Run): void {
  const session = program
    .command('session')
    .alias('sessions')
    .description('Running agent processes');
  session
    .command('list')
    .description('List them, with the money that each holds')
    .option('--project <project>', 'only of this project')
    .option('--key <key>', 'only of this key')
    .option('--all', 'also those that have ended')
    .action((options: ListOptions) => run((context) => listSessions(context, options)));
  session
    .command('kill')
    .argument('<session>', 'its id')
    .description('Stop one within two seconds, and take back what it holds')
    .option('--reason <text>', 'for the audit trail')
    .addHelpText(
      'after',
      '\nThe process gets no other session. Its key still works: revoke it as well, or pause the project, to keep a new process out.',
    )
    .action((id: string, options: { reason?: string }) =>
      run((context) => killSession(context, id, options.reason)),
    );
}

async function listSessions(context: Context, options: ListOptions): Promise<undefined> {
  const client = await context.client();
  const query = {
    projectId:
      options.project === undefined ? undefined : (await findProject(client, options.project)).id,
    keyId: options.key === undefined ? undefined : await findKeyId(client, options.key),
    open: options.all === true ? undefined : 'true',
  };
  const { items } = await client.list<AgentSession>('/v1/sessions', query, MOST_LISTED);
  const text = table<AgentSession>(
    [
      { title: 'Id', value: (row) => row.id },
      { title: 'Agent', value: (row) => row.agent },
      { title: 'Host', value: (row) => `${row.host}:${String(row.pid)}`, detail: true },
      { title: 'IP', value: (row) => row.ip, detail: true },
      { title: 'Project', value: (row) => row.projectName },
      { title: 'Key', value: (row) => row.keyId, detail: true },
      { title: 'State', value: (row) => row.state },
      { title: 'Bound', value: (row) => (row.bound ? 'yes' : 'no'), detail: true },
      { title: 'Last seen', value: (row) => moment(row.lastSeenAt), detail: true },
      { title: 'Leases', value: (row) => String(row.openLeases), alignRight: true },
      { title: 'Held', value: (row) => dollars(row.held), alignRight: true },
    ],
    items,
    options.all === true ? 'No agent has run yet.' : 'No agent runs now.',
  );
  context.print({ items }, text);
  return undefined;
}

async function killSession(
  context: Context,
  id: string,
  reason: string | undefined,
): Promise<undefined> {
  const answer = await (
    await context.client()
  ).send<KillAnswer>({
    method: 'POST',
    path: `/v1/sessions/${encodeURIComponent(id)}/kill`,
    body: reason === undefined ? {} : { reason },
    repeatable: true,
  });
  const { session, revokedLeases, returned } = answer;
  const back = `${plural(revokedLeases, 'lease')} revoked, ${dollars(returned)} went back to ${session.projectName}.`;
  context.print(
    answer,
    session.state === 'killed'
      ? `${session.agent} is stopped. ${back}`
      : `${session.agent} had ended before. ${back}`,
  );
  return undefined;
}
