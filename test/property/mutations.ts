import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import swc from '@swc/core';

export interface Patch {
  /** Below `src/`. */
  readonly file: string;
  /** Must be there exactly once: a fault that no longer fits the code is an error, not a pass. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly fault: string;
  readonly killedBy: string;
  readonly patches: readonly Patch[];
}

const domain = (file: string, find: string, replace: string): Patch => ({
  file: `billing/domain/${file}.ts`,
  find,
  replace,
});
const sql = (find: string, replace: string): Patch => ({
  file: 'billing/data/working-set.sql.ts',
  find,
  replace,
});

const READS_OTHERS = sql(
  'FROM leases WHERE organization_id = $1 AND id = ANY($4::uuid[])',
  'FROM leases WHERE id = ANY($4::uuid[])',
);
const WRITES_OTHERS = sql('WHERE l.organization_id = $1 AND l.id = x.id', 'WHERE l.id = x.id');
const NO_SECOND_WALL: Patch = {
  file: 'platform/database/protection.ts',
  find: "`${column} = nullif(current_setting('iron_cage.organization', true), '')::uuid`",
  replace: '`${column} IS NOT NULL`',
};

/** Faults that do no harm, because the database itself keeps organizations apart. */
export const HELD_BY_THE_SECOND_WALL: readonly Omit<Mutant, 'killedBy'>[] = [
  { fault: 'leases of other organizations are read', patches: [READS_OTHERS] },
  { fault: 'leases of other organizations are written', patches: [WRITES_OTHERS] },
];

/** One fault each, of the kind that a hurried change makes, and the scenario that must notice. */
export const MUTANTS: readonly Mutant[] = [
  {
    fault: 'the account is not locked',
    killedBy: 'a crowd on two replicas gets what there is',
    patches: [sql('ORDER BY project_id\n  FOR UPDATE', 'ORDER BY project_id')],
  },
  {
    fault: 'the CHECK on the free balance is gone',
    killedBy: 'the wall refuses what the code would let through',
    patches: [
      {
        file: 'platform/database/migrations/4000-ledger.ts',
        find: 'CHECK (deposited_nano + overdraft_nano - settled_nano - reserved_nano >= 0)',
        replace: 'CHECK (true)',
      },
    ],
  },
  {
    fault: 'a repeated report is not recognized',
    killedBy: 'a repeated report gets the same answer and books nothing',
    patches: [domain('settle', '  if (before) {', '  if (before && set.now.getTime() === 0) {')],
  },
  {
    fault: 'a repeated report is booked again',
    killedBy: 'a repeated report gets the same answer and books nothing',
    patches: [
      domain('settle', '  if (before) {', '  if (before && set.now.getTime() === 0) {'),
      domain(
        'settle',
        'if (command.seq !== lease.lastSeq + 1) {',
        'if (command.seq > lease.lastSeq + 1) {',
      ),
    ],
  },
  {
    fault: 'usage is summed up twice',
    killedBy: 'sums of usage are its lines',
    patches: [
      {
        file: 'billing/usage/usage-rollups.sql.ts',
        find: 'AND number > $3 ORDER BY number',
        replace: 'AND number >= $3 ORDER BY number',
      },
    ],
  },
  {
    fault: 'the first sum of an hour stays its sum',
    killedBy: 'sums of usage are its lines',
    patches: [
      {
        file: 'billing/usage/usage-rollups.sql.ts',
        find: 'cost_nano = r.cost_nano + excluded.cost_nano',
        replace: 'cost_nano = r.cost_nano',
      },
    ],
  },
  {
    fault: 'a repeated deposit is not recognized',
    killedBy: 'a repeated deposit moves the money once',
    patches: [
      domain(
        'transfer',
        '  if (!before) return undefined;',
        '  if (before !== null) return undefined;',
      ),
    ],
  },
  {
    fault: 'a collision of two replicas is not looked at again',
    killedBy: 'one id on two replicas is one lease',
    patches: [
      {
        file: 'billing/leases/ledger.service.ts',
        find: 'if (violatedConstraint(error) !== undefined)',
        replace: 'if (violatedConstraint(error) === "")',
      },
      {
        file: 'billing/leases/coalescer.ts',
        find: 'batch.length === 1 || isOutage',
        replace: 'batch.length > 0 || isOutage',
      },
    ],
  },
  {
    fault: 'a report books one nano-dollar more',
    killedBy: 'a report books what it says, to the nano-dollar',
    patches: [
      domain(
        'settle',
        'const booked = command.usage.reduce((sum, line) => sum + line.cost, 0n);',
        'const booked = command.usage.reduce((sum, line) => sum + line.cost, 1n);',
      ),
    ],
  },
  {
    fault: 'late usage is booked with one nano-dollar less',
    killedBy: 'debt blocks leases until it is covered',
    patches: [
      domain(
        'settle',
        'const late = cost - explained - covered;',
        'const late = cost - explained - covered - 1n;',
      ),
    ],
  },
  {
    fault: 'a budget lends one nano-dollar more than its limit',
    killedBy: 'a limit is the last nano-dollar that is lent',
    patches: [
      domain(
        'budgets',
        'return budget.limit - window.settled - window.reserved;',
        'return budget.limit - window.settled - window.reserved + 1n;',
      ),
    ],
  },
  {
    fault: 'a minimum that is exactly there is refused',
    killedBy: 'a minimum that is exactly there is lent',
    patches: [
      domain(
        'grant',
        '  if (amount < maxNano(wish.minimum, 1n)) {',
        '  if (amount <= maxNano(wish.minimum, 1n)) {',
      ),
    ],
  },
  {
    fault: 'a report returns the whole lease',
    killedBy: 'a report books what it says, to the nano-dollar',
    patches: [
      domain('settle', 'const rest = lease.amount - lease.used;', 'const rest = lease.amount;'),
    ],
  },
  {
    fault: 'what goes back is not in the book',
    killedBy: 'a report books what it says, to the nano-dollar',
    patches: [
      domain(
        'posting',
        '  set.changes.entries.push({',
        "  if (posting.kind !== 'RETURN') set.changes.entries.push({",
      ),
    ],
  },
  {
    fault: 'the pause is not looked at',
    killedBy: 'nothing is lent while a project is paused',
    patches: [domain('grant', '  if (stopped) return refuse(stopped);', '')],
  },
  {
    fault: 'a revoked key still borrows',
    killedBy: 'a key that was revoked borrows nothing',
    patches: [sql("'keyRevoked', k.revoked_at IS NOT NULL OR ", "'keyRevoked', ")],
  },
  {
    fault: 'leases expire before their time',
    killedBy: 'a lease lasts as long as it was granted for',
    patches: [
      domain(
        'settle',
        "lease.state === 'PENDING' && lease.expiresAt <= set.now",
        "lease.state === 'PENDING'",
      ),
    ],
  },
  {
    fault: 'leases of other organizations are read, and the database shows them',
    killedBy: 'an organization sees nothing of another one',
    patches: [READS_OTHERS, NO_SECOND_WALL],
  },
  {
    fault: 'leases of other organizations are written, and the database lets them',
    killedBy: 'an organization sees nothing of another one',
    patches: [WRITES_OTHERS, NO_SECOND_WALL],
  },
  {
    fault: 'a remainder that was charged is charged again by the late report',
    killedBy: 'a remainder that was charged is not charged again',
    patches: [
      domain(
        'settle',
        'const explained = minNano(cost, lease.charged);',
        'const explained = minNano(0n, cost);',
      ),
    ],
  },
  {
    fault: 'what goes back goes to the window of today',
    killedBy: 'a lease stays in the window in which it was granted',
    patches: [
      domain(
        'scopes',
        '    windowOf(set, scope).reserved += amount;',
        "    windowOf(set, amount < 0n ? { ...scope, start: windowStart(set.budgets.get(scope.budgetId)?.window ?? 'day', set.now, set.calendar) } : scope).reserved += amount;",
      ),
    ],
  },
  {
    fault: 'usage counts against the window of today',
    killedBy: 'a lease stays in the window in which it was granted',
    patches: [
      domain(
        'scopes',
        'const scope = held ?? {',
        'const scope = (held && set.now.getTime() === 0 ? held : undefined) ?? {',
      ),
    ],
  },
  {
    fault: 'only the balance is asked for room',
    killedBy: 'every budget of a lease has room for it',
    patches: [
      domain(
        'grant',
        'minNano(freeOf(account), ...open.map(({ budget, window }) => roomOf(budget, window)))',
        'freeOf(account)',
      ),
    ],
  },
  {
    fault: 'debt is forgotten',
    killedBy: 'debt blocks leases until it is covered',
    patches: [
      domain(
        'state',
        'return account.overdraft > 0n ? 0n : available(account);',
        'return available(account);',
      ),
      domain(
        'transfer',
        'if (change > 0n) repayDebt(set, account, by.actor);',
        'if (change > 0n) void repayDebt;',
      ),
    ],
  },
  {
    fault: 'a key may hold one lease too many',
    killedBy: 'a key holds no more open leases than it may',
    patches: [
      domain(
        'grant',
        'if (held >= project.maxOpenLeases) {',
        'if (held > project.maxOpenLeases) {',
      ),
    ],
  },
  {
    fault: 'a refused id is granted when it comes again',
    killedBy: 'a refused id stays refused',
    patches: [domain('grant', 'const known = lease ?? refusal;', 'const known = lease;')],
  },
  {
    fault: 'answers go to the wrong requests',
    killedBy: 'each gets the answer that it would have had alone',
    patches: [
      {
        file: 'billing/leases/coalescer.ts',
        find: 'resolve(answers[index] as Answer);',
        replace: 'resolve(answers.at(-1 - index) as Answer);',
      },
    ],
  },
  {
    fault: 'amounts travel as JSON numbers',
    killedBy: 'amounts keep every digit',
    patches: [sql("'amount', amount_nano::text, 'used'", "'amount', amount_nano, 'used'")],
  },
  {
    fault: 'thresholds are told again and again',
    killedBy: 'a threshold is told once',
    patches: [
      domain('alerts', 'gauge.alertedCommitted = Math.max(gauge.alertedCommitted, committed);', ''),
    ],
  },
  {
    fault: 'the velocity limit is not looked at',
    killedBy: 'what was leased in a minute has a limit',
    patches: [
      domain(
        'grant',
        'if (project.velocity === null) return undefined;\n  return maxNano(',
        'if (project.velocity !== 0n) return undefined;\n  return maxNano(',
      ),
    ],
  },
  {
    fault: 'every budget applies to every model',
    killedBy: 'a budget for other models limits nothing',
    patches: [
      domain(
        'budgets',
        'if (models.length === 0 || wanted === undefined) return true;',
        'if (models.length >= 0 || wanted === undefined) return true;',
      ),
    ],
  },
  {
    fault: 'the check of the ledger sees nothing',
    killedBy: 'a book that was altered does not pass the check',
    patches: [
      {
        file: 'billing/accounts/ledger-check.ts',
        find: 'WHERE a.organization_id = $1 AND f.figure <> f.entries`',
        replace: 'WHERE a.organization_id = $1 AND false`',
      },
    ],
  },
];

const ROOT = path.resolve(import.meta.dirname, '../..');
const LIMIT_MS = 60_000;
const { $schema: _schema, ...SWC } = JSON.parse(
  readFileSync(path.join(ROOT, '.swcrc'), 'utf8'),
) as swc.Options & { $schema: string };

/** The code and what the scenarios need, compiled once; a mutant is a copy of it in which one file was compiled from other text. */
export class Nursery {
  private readonly base = mkdtempSync(path.join(tmpdir(), 'iron-cage-mutants-'));
  private count = 0;

  constructor() {
    for (const part of ['src', 'test/harness', 'test/property']) {
      for (const entry of readdirSync(path.join(ROOT, part), {
        recursive: true,
        withFileTypes: true,
      })) {
        if (!entry.isFile() || entry.name.endsWith('.spec.ts')) continue;
        const name = path.relative(ROOT, path.join(entry.parentPath, entry.name));
        place(path.join(this.base, 'code'), name, readFileSync(path.join(ROOT, name)));
      }
    }
    place(path.join(this.base, 'code'), 'package.json', Buffer.from('{ "type": "module" }'));
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(this.base, 'node_modules'));
  }

  /** What came of the scenarios in code with these changes. */
  async run(names: readonly string[], patches: readonly Patch[]): Promise<Record<string, string>> {
    const folder = path.join(this.base, String(this.count++));
    cpSync(path.join(this.base, 'code'), folder, { recursive: true });
    for (const [file, text] of patched(patches))
      place(folder, path.join('src', file), Buffer.from(text));
    return await runIn(folder, names);
  }

  remove(): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}

/** Texts of the patched files. Several patches may concern one file. */
function patched(patches: readonly Patch[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { file, find, replace } of patches) {
    const parts = (texts.get(file) ?? readFileSync(path.join(ROOT, 'src', file), 'utf8')).split(
      find,
    );
    if (parts.length !== 2) throw new Error(`src/${file} has ${parts.length - 1} times: ${find}`);
    texts.set(file, parts.join(replace));
  }
  return texts;
}

function place(folder: string, name: string, content: Buffer): void {
  const target = path.join(folder, name);
  mkdirSync(path.dirname(target), { recursive: true });
  if (!name.endsWith('.ts')) {
    writeFileSync(target, content);
    return;
  }
  const options: swc.Options = {
    ...SWC,
    swcrc: false,
    module: { type: 'es6' },
    sourceMaps: false,
    filename: name,
  };
  writeFileSync(
    target.replace(/\.ts$/, '.js'),
    swc.transformSync(content.toString(), options).code,
  );
}

async function runIn(folder: string, names: readonly string[]): Promise<Record<string, string>> {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn(
    process.execPath,
    ['--no-warnings', 'test/property/mutations-run.js', ...names],
    {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    },
  );
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    return JSON.parse(output) as Record<string, string>;
  } catch {
    throw new Error(
      `the scenarios did not run (exit ${code}): ${errors.slice(-2_000)}${output.slice(-500)}`,
    );
  }
}
