// npm run eval:pii -- FILE… [--json FILE] [--misses N] [--types a,b] [--held-out N [--seed N]]
//
// Precision and recall of the safety filter on labelled text. A line: { text, annotations: [{ entity_type, start, end }] }.
// A finding is right when it overlaps a label of its type by a character or more. All texts are looked through before the first
// label is looked at. `--held-out N` adds N texts that are made up on the spot, and the single hard cases.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { piiTypes, type PiiType } from '../../sdk/src/safety/finding.js';
import { hardRecords, heldOutRecords } from './held-out/held-out.js';
import { readRecords, tellProblems } from './json-lines.js';
import { findAll } from './pii-decision.js';
import { typeOfLabel } from './pii-labels.js';
import {
  type LabelledRecord,
  mergeScores,
  type Miss,
  type Score,
  scoreRecord,
} from './pii-score.js';
import { ratesOf, scoreTable } from './pii-table.js';

const recordSchema = z.object({
  text: z.string(),
  annotations: z.array(
    z.object({
      entity_type: z.string(),
      start: z.number().int().min(0),
      end: z.number().int().min(0),
      text: z.string().nullish(),
    }),
  ),
});

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    misses: { type: 'string', default: '0' },
    types: { type: 'string' },
    'held-out': { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});

if (positionals.length === 0 && values['held-out'] === undefined) {
  process.stderr.write(
    'Usage: npm run eval:pii -- FILE… [--json FILE] [--misses N] [--types email,card] [--held-out N]\n',
  );
  process.exitCode = 2;
} else {
  main();
}

function main(): void {
  const types = typesAsked();
  const { records, problems } = readRecords(positionals, recordSchema);
  const report: Record<string, unknown> = { problems };
  const total = new Map<string, Score>();
  for (const [name, part] of [...byFile(records), ...made()]) {
    const scores = evaluate(name, part, types);
    mergeScores(total, scores);
    report[name] = {
      records: part.length,
      characters: part.reduce((sum, { text }) => sum + text.length, 0),
      types: ratesOf(scores),
      otherLabels: otherLabels(part),
    };
  }
  process.stdout.write(`\nAll\n${scoreTable(total)}\n\n`);
  process.stdout.write('* without findings inside labels of another kind\n');
  report['all'] = { types: ratesOf(total) };
  if (values.json === undefined) process.stdout.write(`\n${JSON.stringify(report)}\n`);
  else writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  tellProblems(problems);
}

function typesAsked(): ReadonlySet<PiiType> {
  const asked = values.types?.split(',') ?? piiTypes;
  const wrong = asked.filter((type) => !(piiTypes as readonly string[]).includes(type));
  if (wrong.length > 0) {
    throw new Error(`There is no type ${wrong.join(', ')}. There are: ${piiTypes.join(', ')}.`);
  }
  return new Set(asked as readonly PiiType[]);
}

function byFile(
  records: readonly { readonly file: string; readonly record: LabelledRecord }[],
): ReadonlyMap<string, readonly LabelledRecord[]> {
  const files = new Map<string, LabelledRecord[]>();
  for (const { file, record } of records) {
    const part = files.get(file) ?? [];
    files.set(file, part);
    part.push(record);
  }
  return files;
}

function made(): (readonly [string, readonly LabelledRecord[]])[] {
  if (values['held-out'] === undefined) return [];
  const seed = Number(values.seed);
  return [
    [`held out (seed ${seed})`, heldOutRecords(seed, Number(values['held-out']))],
    ['hard cases', hardRecords()],
  ];
}

function evaluate(
  name: string,
  records: readonly LabelledRecord[],
  types: ReadonlySet<PiiType>,
): Map<string, Score> {
  const findings = findAll(records, types);
  const scores = new Map<string, Score>();
  const misses = records.flatMap((record, index) =>
    scoreRecord(record, findings[index] ?? [], types, scores),
  );
  process.stdout.write(`\n${name}: ${records.length} texts\n${scoreTable(scores)}\n`);
  for (const { kind, type, sample } of firstOfEach(misses)) {
    process.stdout.write(`  ${kind} ${type}: ${sample}\n`);
  }
  const others = Object.entries(otherLabels(records)).map(([label, n]) => `${label} ${n}`);
  if (others.length > 0) process.stdout.write(`Labels of something else: ${others.join(', ')}\n`);
  return scores;
}

function firstOfEach(misses: readonly Miss[]): Miss[] {
  const shown = new Map<string, number>();
  return misses.filter(({ kind, type }) => {
    const count = (shown.get(`${kind} ${type}`) ?? 0) + 1;
    shown.set(`${kind} ${type}`, count);
    return count <= Number(values.misses);
  });
}

/** Labels that the filter has no type for, the most frequent first. */
function otherLabels(records: readonly LabelledRecord[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { entity_type: label } of records.flatMap(({ annotations }) => annotations)) {
    if (typeOfLabel(label) === undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}
