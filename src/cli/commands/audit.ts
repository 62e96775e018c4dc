import type { Command } from 'commander';
import type { LedgerCheck } from '../api/types.js';
import { EXIT } from '../cli-error.js';
import type { Action, Context } from '../context.js';
import { plural, wholeNumber } from '../terminal/format.js';
import { table } from '../terminal/table.js';
import { AUDIT_LOG_LIMIT, type LogOptions, showActions, showLog } from './audit-log.js';

/** It reads the whole ledger, which takes seconds for ten million entries. */
const AUDIT_LIMIT_MS = 600_000;
const EXAMPLES = `
Examples:
  iron-cage audit log --from 2026-11-01 --action project.pause
  iron-cage audit log --actor alice@example.com --limit 200
  iron-cage audit log --about Research --json`;

type Run = (action: Action) => Promise<void>;

/** Without a word after it, `audit` checks the ledger; that is older than the log. */
export function addAuditCommands(program: Command, run: Run): void {
  const audit = program
    .command('audit')
    .description(
      'Check the ledger; names the broken rows and exits with 1 when there are any. Who did what: audit log',
    )
    .action(() => run(auditLedger));
  audit
    .command('log')
    .description('Who did what and when, newest first')
    .option('--action <action>', 'only this one, such as key.create; see: iron-cage audit actions')
    .option('--actor <who>', "only what this one did: a member's e-mail address, a key, or server")
    .option('--about <what>', 'only what happened to a project; or to another: key:<id>, user:<id>')
    .option('--from <time>', 'then or later: a day, or a moment in ISO 8601 (UTC)')
    .option('--to <time>', 'before')
    .option(
      '--limit <number>',
      'how many',
      wholeNumber('--limit', 1, AUDIT_LOG_LIMIT.most),
      AUDIT_LOG_LIMIT.usual,
    )
    .addHelpText('after', EXAMPLES)
    .action((options: LogOptions) => run((context) => showLog(context, options)));
  audit
    .command('actions')
    .description('The kinds of events that the log holds')
    .action(() => run(showActions));
}

async function auditLedger(context: Context): Promise<number> {
  const check = await (
    await context.client()
  ).send<LedgerCheck>({ method: 'GET', path: '/v1/ledger/check', timeLimitMs: AUDIT_LIMIT_MS });
  const findings = table<LedgerCheck['findings'][number]>(
    [
      { title: 'Invariant', value: (row) => row.invariant },
      { title: 'Row', value: (row) => row.subject },
      { title: 'Expected', value: (row) => row.expected },
      { title: 'Found', value: (row) => row.found },
    ],
    check.findings,
  );
  const accounts = plural(check.checkedAccounts, 'account');
  context.print(
    check,
    check.ok
      ? `The ledger is consistent: ${accounts} checked.`
      : `The ledger is broken: ${plural(check.findings.length, 'finding')} in ${accounts}.\n\n${findings.toString()}`,
  );
  return check.ok ? EXIT.ok : EXIT.failed;
}
