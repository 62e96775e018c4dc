// npm run eval:usage -- FILE… [--json FILE] [--at DATE] [--wrong N]
//
// Reads answers of providers with the SDK's own extractors, prices them with the SDK's price table, and compares both with what the
// files expect. A line: { body, extracted: [{ usage, extractors: [{ provider_id, api_flavor, input_price?, … }] }] }.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Located, readRecords, tellProblems } from './json-lines.js';
import { share, textTable } from './text-table.js';
import { compare, type Expectation, type Verdict } from './usage-comparison.js';
import { decideAll, type Question } from './usage-decision.js';

const price = z
  .union([z.string().regex(/^\d+(\.\d*)?([eE][+-]?\d+)?$/), z.number().min(0).transform(String)])
  .nullish();
const lineSchema = z.object({
  body: z.unknown(),
  extracted: z.array(
    z.object({
      usage: z.record(z.string(), z.number().nullable()),
      extractors: z.array(
        z.object({
          provider_id: z.string().min(1),
          api_flavor: z.string(),
          input_price: price,
          output_price: price,
          total_price: price,
        }),
      ),
    }),
  ),
});
type Line = z.infer<typeof lineSchema>;

interface Asked extends Question {
  readonly file: string;
  readonly line: number;
}

interface Tally {
  readonly name: string;
  answers: number;
  bucketsRight: number;
  pricesRight: number;
  pricesOnceRight: number;
  bothRight: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, at: { type: 'string' }, wrong: { type: 'string' } },
});

if (positionals.length === 0) {
  process.stderr.write(
    'Usage: npm run eval:usage -- FILE… [--json FILE] [--at DATE] [--wrong N]\n',
  );
  process.exitCode = 2;
} else {
  main(positionals);
}

function main(files: readonly string[]): void {
  const atMs = values.at === undefined ? Date.now() : Date.parse(values.at);
  if (Number.isNaN(atMs)) throw new Error(`--at needs a date, not ${values.at ?? ''}`);
  const { records, problems } = readRecords(files, lineSchema);
  const questions = records.flatMap(questionsOf);
  // Everything is decided before anything expected is looked at.
  const decisions = decideAll(questions, atMs);
  const verdicts = records
    .flatMap(({ record }) => expectationsOf(record))
    .map((expected, index) => compare(decisions[index], expected));
  report(questions, verdicts, { payloads: records.length, problems });
  tellProblems(problems);
}

/** Which extractors are asked about which answers. */
function questionsOf({ file, line, record }: Located<Line>): Asked[] {
  return record.extracted
    .flatMap(({ extractors }) => extractors)
    .map(({ provider_id: provider, api_flavor: flavour }) => ({
      ...{ file, line, provider, flavour },
      body: record.body,
    }));
}

/** What is expected, in the order of {@link questionsOf}. */
function expectationsOf({ extracted }: Line): Expectation[] {
  return extracted.flatMap(({ usage, extractors }) =>
    extractors.map((extractor) => ({
      usage: Object.fromEntries(Object.entries(usage).map(([name, count]) => [name, count ?? 0])),
      inputPrice: extractor.input_price ?? undefined,
      outputPrice: extractor.output_price ?? undefined,
      totalPrice: extractor.total_price ?? undefined,
    })),
  );
}

function report(
  questions: readonly Asked[],
  verdicts: readonly Verdict[],
  { payloads, problems }: { payloads: number; problems: readonly string[] },
): void {
  const tallies = new Map<string, Tally>();
  const all = emptyTally('all');
  const wrong: object[] = [];
  questions.forEach(({ provider, flavour, body, file, line }, index) => {
    const verdict = verdicts[index];
    if (!verdict) throw new Error('a question has no verdict');
    const name = `${provider} ${flavour}`;
    const tally = tallies.get(name) ?? emptyTally(name);
    tallies.set(name, tally);
    count(tally, verdict);
    count(all, verdict);
    if (verdict.wrong.length > 0)
      wrong.push({ file, line, provider, flavour, wrong: verdict.wrong, body });
  });
  const rows = [...tallies.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  process.stdout.write(`\n${payloads} answers, ${questions.length} readings\n\n`);
  process.stdout.write(
    `${textTable(
      ['extractor', 'readings', 'buckets right', 'prices right', 'or once right', 'both'],
      [...rows, all].map((tally) => [
        tally.name,
        tally.answers,
        share(tally.bucketsRight, tally.answers),
        share(tally.pricesRight, tally.answers),
        share(tally.pricesOnceRight, tally.answers),
        share(tally.bothRight, tally.answers),
      ]),
    )}\n`,
  );
  for (const each of wrong.slice(0, Number(values.wrong ?? 0))) {
    process.stdout.write(`${JSON.stringify(each)}\n`);
  }
  const result = { payloads, problems, readings: questions.length, all, extractors: rows, wrong };
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify(result, null, 1)}\n`);
  } else {
    const { wrong: _wrong, ...figures } = result;
    process.stdout.write(`\n${JSON.stringify(figures)}\n`);
  }
}

function count(tally: Tally, { bucketsRight, priceRight, priceOnceRight }: Verdict): void {
  tally.answers += 1;
  if (bucketsRight) tally.bucketsRight += 1;
  if (priceRight) tally.pricesRight += 1;
  if (priceOnceRight) tally.pricesOnceRight += 1;
  if (bucketsRight && priceRight) tally.bothRight += 1;
}

function emptyTally(name: string): Tally {
  return { name, answers: 0, bucketsRight: 0, pricesRight: 0, pricesOnceRight: 0, bothRight: 0 };
}
