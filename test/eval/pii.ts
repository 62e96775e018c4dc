/**
 * Precision and recall of the safety filter on labelled text.
 *
 *   npm run eval:pii -- FILE… [--json FILE] [--misses N] [--types a,b]
 *
 * Each file has one JSON record per line (also gzipped), with `text` and `annotations` of `entity_type`, `start`
 * and `end`. The filter sees the text only; the labels are read when it has decided.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';

import { findPii } from '../../sdk/src/safety/detect.js';
import { piiTypes, type PiiType } from '../../sdk/src/safety/finding.js';
import {
  mergeScores,
  scoreRecord,
  type LabelledRecord,
  type Miss,
  type Score,
} from './pii-score.js';
import { ratesOf, scoreTable } from './pii-table.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    misses: { type: 'string', default: '0' },
    types: { type: 'string' },
  },
});
if (positionals.length === 0) {
  console.error('Usage: npm run eval:pii -- FILE… [--json FILE] [--misses N] [--types email,card]');
  process.exit(2);
}

const types = new Set<string>(values.types?.split(',') ?? piiTypes);
const report: Record<string, unknown> = {};
const total = new Map<string, Score>();
for (const file of positionals) {
  const { scores, misses, records, characters } = evaluate(file);
  mergeScores(total, scores);
  report[basename(file)] = { records, characters, types: ratesOf(scores) };
  console.log(`\n${basename(file)}: ${String(records)} texts`);
  console.log(scoreTable(scores));
  for (const { kind, type, sample } of misses) console.log(`  ${kind} ${type}: ${sample}`);
}
if (positionals.length > 1) console.log(`\nAll files\n${scoreTable(total)}`);
report['all'] = { types: ratesOf(total) };
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);

function evaluate(file: string) {
  const scores = new Map<string, Score>();
  const misses: Miss[] = [];
  const shown = new Map<string, number>();
  let records = 0;
  let characters = 0;
  for (const line of readText(file).split('\n')) {
    if (line.trim() === '') continue;
    const record = JSON.parse(line) as LabelledRecord;
    const findings = findPii(record.text, types);
    records += 1;
    characters += record.text.length;
    for (const miss of scoreRecord(record, findings, types as ReadonlySet<PiiType>, scores)) {
      const key = `${miss.kind} ${miss.type}`;
      shown.set(key, (shown.get(key) ?? 0) + 1);
      if ((shown.get(key) ?? 0) <= Number(values.misses)) misses.push(miss);
    }
  }
  return { scores, misses, records, characters };
}

function readText(file: string): string {
  const bytes = readFileSync(file);
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isCompressed ? gunzipSync(bytes) : bytes).toString('utf8');
}
