// Runs scenarios in a process of its own, so that it can be a copy of the code with a fault in it. Prints one line of JSON: what came of each.
import { LedgerSite } from '../harness/ledger-site.js';
import { Bench, SCENARIOS } from './mutations-scenarios.js';

const results: Record<string, string> = {};
const site = await LedgerSite.open();
for (const name of process.argv.slice(2)) {
  const bench = new Bench(site);
  try {
    await SCENARIOS[name]?.(bench);
    await bench.audit();
    results[name] = name in SCENARIOS ? 'passed' : 'there is no such scenario';
  } catch (error) {
    results[name] = error instanceof Error ? error.message : String(error);
  }
}
await site.close();
process.stdout.write(`${JSON.stringify(results)}\n`);
