// npm run eval:bounds -- FILE… [--json FILE] [--under N]
//
// Bounds the input of recorded requests before they are sent, as the SDK does, and compares that with what the provider counted.
// A line: { host, path, request, usage }.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Bound, boundOf, countedInput } from './bounds-decision.js';
import { readJsonLines } from './json-lines.js';
import { share, textTable } from './text-table.js';
import { shippedPrices } from './usage-decision.js';

const lineSchema = z.object({
  host: z.string(),
  path: z.string(),
  model: z.string().nullish(),
  request: z.record(z.string(), z.unknown()),
  usage: z.unknown(),
});

interface Measured {
  readonly line: number;
  readonly group: string;
  readonly model: string;
  readonly bound: Bound;
  readonly actual: number | undefined;
}

interface Figures {
  readonly name: string;
  readonly calls: number;
  readonly refused: number;
  readonly capped: number;
  readonly cappedUnder: number;
  readonly bounded: number;
  readonly boundedUnder: number;
  /** Of text and tools, without images. */
  readonly textUnder: number;
  /** Tokens that were set aside too much, of calls that are bounded by their content. */
  readonly medianExcess: number;
  readonly p95Excess: number;
  /** The same as a part of what was counted: 1 is twice as much as needed. */
  readonly medianExcessShare: number;
  readonly p95ExcessShare: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, under: { type: 'string' } },
});

if (positionals.length === 0) {
  process.stderr.write('Usage: npm run eval:bounds -- FILE… [--json FILE] [--under N]\n');
  process.exitCode = 2;
} else {
  report(positionals.flatMap(measure));
}

function measure(file: string): Measured[] {
  const prices = shippedPrices();
  const atMs = Date.now();
  const lines = readJsonLines(file).map((line) => lineSchema.parse(line));
  const bounds = lines.map((line) => boundOf(prices, line, atMs));
  return lines.map(({ host, usage, model }, index) => {
    const bound = bounds[index];
    if (!bound) throw new Error('a line has no bound');
    return {
      line: index + 1,
      group: bound.provider === host ? 'others' : bound.provider,
      model: model ?? '',
      bound,
      actual: bound.kind === 'refused' ? undefined : countedInput(bound, usage),
    };
  });
}

function report(all: readonly Measured[]): void {
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
        'provider',
        'calls',
        'refused',
        'capped',
        'under',
        'bounded',
        'under',
        'text under',
        'median +tokens',
        'p95 +tokens',
        'median +%',
        'p95 +%',
      ],
      figures.map((row) => [
        row.name,
        row.calls,
        row.refused,
        row.capped,
        row.cappedUnder,
        row.bounded,
        share(row.boundedUnder, row.bounded),
        row.textUnder,
        row.medianExcess,
        row.p95Excess,
        Math.round(row.medianExcessShare * 100),
        Math.round(row.p95ExcessShare * 100),
      ]),
    )}\n`,
  );
  const under = all.filter(isUnder).map(({ line, group, model, bound, actual }) => ({
    line,
    group,
    model,
    actual,
    bound: bound.kind === 'refused' ? undefined : bound.inputTokens,
    kind: bound.kind,
  }));
  for (const each of under.slice(0, Number(values.under ?? 0))) {
    process.stdout.write(`${JSON.stringify(each)}\n`);
  }
  const result = { requests: all.length, providers: figures, under };
  if (values.json === undefined) process.stdout.write(`\n${JSON.stringify(result)}\n`);
  else writeFileSync(values.json, `${JSON.stringify(result, null, 1)}\n`);
}

function figuresOf(name: string, calls: readonly Measured[]): Figures {
  const capped = calls.filter(({ bound }) => bound.kind === 'capped');
  const bounded = calls.filter(({ bound }) => bound.kind === 'bounded');
  const text = bounded.filter(({ bound }) => bound.kind !== 'refused' && !bound.hasImages);
  const excess = text.flatMap(({ bound, actual }) =>
    bound.kind === 'refused' || actual === undefined ? [] : [[bound.inputTokens, actual] as const],
  );
  const tokens = excess.map(([most, actual]) => most - actual);
  const shares = excess.map(([most, actual]) => (most - actual) / Math.max(1, actual));
  return {
    name,
    calls: calls.length,
    refused: calls.length - capped.length - bounded.length,
    capped: capped.length,
    cappedUnder: capped.filter(isUnder).length,
    bounded: bounded.length,
    boundedUnder: bounded.filter(isUnder).length,
    textUnder: text.filter(isUnder).length,
    medianExcess: quantile(tokens, 0.5),
    p95Excess: quantile(tokens, 0.95),
    medianExcessShare: quantile(shares, 0.5),
    p95ExcessShare: quantile(shares, 0.95),
  };
}

function isUnder({ bound, actual }: Measured): boolean {
  return bound.kind !== 'refused' && actual !== undefined && bound.inputTokens < actual;
}

/** The smallest value that at least `part` of all values do not exceed. */
function quantile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
