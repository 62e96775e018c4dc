import type { Command } from 'commander';
import { EXIT } from '../cli-error.js';
import type { Action, Context } from '../context.js';
import type { Finding } from '../doctor/finding.js';
import { checkDatabase, checkDataFolder, checkNode, checkRedis } from '../doctor/machine-checks.js';
import { checkAsMember, checkServer } from '../doctor/server-checks.js';
import { plural } from '../terminal/format.js';
import { printable } from '../terminal/table.js';

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export function addDoctorCommand(program: Command, run: (action: Action) => Promise<void>): void {
  program
    .command('doctor')
    .description(
      'Look at everything that an installation needs, and say what to do; exits with 1 when something fails',
    )
    .action(() => run(examine));
}

async function examine(context: Context): Promise<number> {
  const client = await context.client();
  const { environment } = context;
  const findings: Finding[] = [checkNode(process.versions.node)];
  if (LOOPBACK.test(new URL(client.url).hostname)) findings.push(...checkDataFolder(environment));
  if (environment.databaseUrl !== undefined)
    findings.push(await checkDatabase(environment.databaseUrl));
  if (environment.redisUrl !== undefined) findings.push(await checkRedis(environment.redisUrl));
  const server = await checkServer(client);
  findings.push(...server.findings);
  if (server.answers) findings.push(...(await checkAsMember(client)));
  const failed = findings.filter((finding) => finding.verdict === 'fail').length;
  const warned = findings.filter((finding) => finding.verdict === 'warn').length;
  context.print(
    { ok: failed === 0, findings },
    `${report(findings)}\n\n${plural(failed, 'failure')}, ${plural(warned, 'warning')}.`,
  );
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .map(
      ({ verdict, check, text }) =>
        `${verdict.padEnd(4)}  ${check.padEnd(width)}  ${printable(text)}`,
    )
    .join('\n');
}
