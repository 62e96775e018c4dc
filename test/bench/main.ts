import { setFlagsFromString } from 'node:v8';
import { parseArgs } from 'node:util';
import { machine, print, type Row, save } from './report.js';

type Benchmark = (options: { full: boolean }) => Promise<readonly Row[]>;

/** Each says beside what it is measured. */
const BENCHMARKS: Readonly<Record<string, () => Promise<{ run: Benchmark }>>> = {
  keys: () => import('./keys.js'),
  leases: () => import('./leases.js'),
  proofs: () => import('./proofs.js'),
  sdk: () => import('./sdk.js'),
};

// As in the server: else the pauses of the load generator would be measured as those of what it measures.
setFlagsFromString('--no-allocation-site-pretenuring');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, full: { type: 'boolean', default: false } },
});
const [name = ''] = positionals;
const load = BENCHMARKS[name];
if (load) {
  const { run } = await load();
  const report = { name, machine: machine(), rows: await run({ full: values.full }) };
  print(report);
  if (values.json !== undefined) save(report, values.json);
} else {
  process.stderr.write(
    `Usage: npm run bench -- NAME [--json FILE] [--full]\nNAME is one of: ${Object.keys(BENCHMARKS).join(', ')}\n`,
  );
  process.exitCode = 2;
}
