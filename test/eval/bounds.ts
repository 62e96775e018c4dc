// npm run eval:bounds -- FILE… [--json FILE] [--under N] [--reasons]
//
// Bounds the input of recorded requests before they are sent, as the SDK does, and compares that with what the provider counted.
// A line: { host, path, request, usage }. Everything is bounded before the first `usage` is looked at.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { boundAll, countedInput } from './bounds-decision.js';
import { figuresOf, isUnder, type Measured, reasonsOf } from './bounds-figures.js';
import { readRecords, tellProblems } from './json-lines.js';
import { share, textTable } from './text-table.js';
import { shippedPrices } from './usage-decision.js';

const lineSchema = z.object({
  host: z.string().min(1),
  path: z.string().startsWith('/'),
  model: z.string().nullish(),
  request: z.record(z.string(), z.unknown()),
  usage: z.unknown(),
});

const USAGE = 'Usage: npm run eval:bounds -- FILE… [--json FILE] [--under N] [--reasons]\n';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    under: { type: 'string' },
    reasons: { type: 'boolean', default: false },
  },
});

if (positionals.length === 0) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const { measured, problems } = measure(positionals);
  report(measured, problems);
  tellProblems(problems);
}

function measure(files: readonly string[]) {
  const { records, problems } = readRecords(files, lineSchema);
  const bounds = boundAll(
    shippedPrices(),
    records.map(({ record }) => record),
    Date.now(),
  );
  const measured = records.map(({ file, line, record }, index): Measured => {
    const bound = bounds[index];
    if (!bound) throw new Error('a line has no bound');
    return {
      file,
      line,
      group: bound.provider === record.host ? 'others' : bound.provider,
      model: record.model ?? '',
      bound,
      actual: bound.kind === 'refused' ? undefined : countedInput(bound, record.usage),
    };
  });
  return { measured, problems };
}

function report(all: readonly Measured[], problems: readonly string[]): void {
  const groups = [...new Set(all.map(({ group }) => group))].sort();
  const figures = [
    ...groups.map((name) =>
      figuresOf(
        name,
        all.filter(({ group }) => group === name),
      ),
    ),
    figuresOf('all', all),
  ];
  process.stdout.write(`\n${all.length} requests\n\n`);
  process.stdout.write(
    `${textTable(
      [
        ...['provider', 'calls', 'refused', 'capped', 'under', 'bounded', 'under', 'text under'],
        ...['least +tokens', 'median +tokens', 'p95 +tokens', 'median +%', 'p95 +%'],
      ],
      figures.map((row) => [
        ...[row.name, row.calls, row.refused, row.capped, row.cappedUnder, row.bounded],
        ...[share(row.boundedUnder, row.bounded), row.textUnder],
        ...[row.leastExcess, row.medianExcess, row.p95Excess],
        Math.round(row.medianExcessShare * 100),
        Math.round(row.p95ExcessShare * 100),
      ]),
    )}\n`,
  );
  const refused = reasonsOf('refused', all);
  const capped = reasonsOf('capped', all);
  if (values.reasons) {
    process.stdout.write(`\n${textTable(['refused because of', 'calls'], refused)}\n`);
    process.stdout.write(`\n${textTable(['capped because of', 'calls'], capped)}\n`);
  }
  const under = all.filter(isUnder).map(({ bound, ...rest }) => ({
    ...rest,
    bound: bound.kind === 'refused' ? undefined : bound.inputTokens,
    kind: bound.kind,
  }));
  for (const each of under.slice(0, Number(values.under ?? 0))) {
    process.stdout.write(`${JSON.stringify(each)}\n`);
  }
  const result = { requests: all.length, problems, providers: figures, refused, capped, under };
  if (values.json === undefined) process.stdout.write(`\n${JSON.stringify(result)}\n`);
  else writeFileSync(values.json, `${JSON.stringify(result, null, 1)}\n`);
}
