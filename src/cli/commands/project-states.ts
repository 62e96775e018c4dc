import type { Command } from 'commander';
import type { PauseAnswer, Project } from '../api/types.js';
import type { Action, Context } from '../context.js';
import { findProject } from '../resolve.js';
import { dollars, moment } from '../terminal/format.js';

type Run = (action: Action) => Promise<void>;

/** Pause, resume, archive. */
export function addProjectStates(project: Command, run: Run): void {
  project
    .command('pause')
    .argument('<project>')
    .description('Stop it: no new lease, running agents stop within two seconds')
    .option('--reason <text>', 'why; agents and members see it')
    .action((given: string, options: { reason?: string }) =>
      run((context) => pauseProject(context, given, options.reason)),
    );
  project
    .command('resume')
    .argument('<project>')
    .description('Let a paused one run again')
    .action((given: string) => run((context) => resumeProject(context, given)));
  project
    .command('archive')
    .argument('<project>')
    .description('End it for good; refused while agents hold money of it')
    .option('--yes', 'do not ask')
    .action((given: string, options: { yes?: boolean }) =>
      run((context) => archiveProject(context, given, options.yes ?? false)),
    );
}

async function pauseProject(
  context: Context,
  given: string,
  reason: string | undefined,
): Promise<undefined> {
  const client = await context.client();
  const { id } = await findProject(client, given);
  const body = reason === undefined ? {} : { reason };
  const answer = await client.send<PauseAnswer>({
    method: 'POST',
    path: `/v1/projects/${id}/pause`,
    body,
    repeatable: true,
  });
  const rest =
    answer.leasedUntil === null
      ? 'Nothing is leased.'
      : `At most ${dollars(answer.stillLeased)} is still leased, until ${moment(answer.leasedUntil)}.`;
  context.print(answer, `${answer.project.name} is paused. ${rest}`);
  return undefined;
}

async function resumeProject(context: Context, given: string): Promise<undefined> {
  const client = await context.client();
  const { id } = await findProject(client, given);
  const project = await client.send<Project>({
    method: 'POST',
    path: `/v1/projects/${id}/resume`,
    repeatable: true,
  });
  context.print(project, `${project.name} is ${project.state}.`);
  return undefined;
}

async function archiveProject(context: Context, given: string, yes: boolean): Promise<undefined> {
  const client = await context.client();
  const { id, name } = await findProject(client, given);
  await context.prompt.confirm(`Archive ${name} for good?`, yes);
  const project = await client.send<Project>({
    method: 'POST',
    path: `/v1/projects/${id}/archive`,
    repeatable: true,
  });
  context.print(
    project,
    `${project.name} is archived. ${dollars(project.balance.available)} in it can be withdrawn.`,
  );
  return undefined;
}
