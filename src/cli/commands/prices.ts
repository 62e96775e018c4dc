import type { Command } from 'commander';
import type { Action, Context } from '../context.js';
import { CREATION_ID_HELP } from '../request-ids.js';
import { moment } from '../terminal/format.js';
import { table } from '../terminal/table.js';
import { type PriceOptions, showPrices, withPriceOptions } from './prices-list.js';
import { recompute, type RecomputeOptions } from './prices-recompute.js';
import {
  type ChangeOptions,
  type OverrideOptions,
  removeOverride,
  type ScopeOptions,
  setCeiling,
  setMarkup,
  setOverride,
  showOverrides,
  showTerms,
} from './prices-rules.js';
import { type RateOptions, withRates, withTier } from './rate-options.js';

type Run = (action: Action) => Promise<void>;

interface Version {
  readonly version: string;
  readonly effectiveFrom: string;
  readonly models: number;
  readonly inForce: boolean;
}

export function addPriceCommands(program: Command, run: Run): void {
  // Without options of its own: it would take those of the same name that are meant for the commands below it.
  const prices = program
    .command('prices')
    .description('What models cost now, and own rates, mark-ups and ceilings');
  withPriceOptions(prices.command('list', { isDefault: true })).action((options: PriceOptions) =>
    run((context) => showPrices(context, options)),
  );
  prices
    .command('versions')
    .description('Versions of the price table, newest first')
    .action(() => run(showVersions));
  prices
    .command('public-key')
    .description('The key that prices are signed with; pin it in agents as IRON_CAGE_PRICES_KEY')
    .action(() => run(showPublicKey));
  addOverrideCommands(prices, run);
  addTermCommands(prices, run);
  prices
    .command('recompute')
    .description('Make booked costs again and compare; exits with 1 when one differs')
    .option('--from <time>', 'ISO 8601, 31 days ago unless given')
    .option('--to <time>', 'ISO 8601, now unless given')
    .option('--project <project>', 'only of this project')
    .action((options: RecomputeOptions) => run((context) => recompute(context, options)));
}

function addOverrideCommands(prices: Command, run: Run): void {
  prices
    .command('overrides')
    .description('Own rates, in the order in which they are looked at')
    .option('--project <project>', "only the project's own and the organization's")
    .action((options: ScopeOptions) => run((context) => showOverrides(context, options)));
  withTier(
    withRates(
      prices
        .command('override')
        .argument('<provider>')
        .argument('<model>', 'a name; * stands for any characters')
        .description('Set own rates for models, in dollars per million tokens')
        .requiredOption('--reason <text>', 'kept in the audit trail')
        .option('--project <project>', 'only for this project')
        .option('--from <day>', 'first day (UTC), today unless given')
        .option('--until <day>', 'first day on which it does not apply any more')
        .option('--request-id <uuid>', CREATION_ID_HELP),
    ),
  ).action((provider: string, model: string, options: OverrideOptions) =>
    run((context) => setOverride(context, provider, model, options)),
  );
  prices
    .command('override-remove')
    .argument('<id>')
    .description('End an override; what was priced by it stays as it is')
    .action((id: string) => run((context) => removeOverride(context, id)));
}

function addTermCommands(prices: Command, run: Run): void {
  prices
    .command('terms')
    .description('Mark-ups and ceiling prices')
    .option('--project <project>', "only the project's own and the organization's")
    .action((options: ScopeOptions) => run((context) => showTerms(context, options)));
  prices
    .command('markup')
    .argument('[percent]', 'such as 5 or 2.5')
    .description('Add a share to every cost')
    .requiredOption('--reason <text>', 'kept in the audit trail')
    .option('--project <project>', 'only for this project')
    .option('--remove', 'no mark-up any more')
    .action((percent: string | undefined, options: ChangeOptions) =>
      run((context) => setMarkup(context, percent, options)),
    );
  withRates(
    prices
      .command('ceiling')
      .description('Price models that nothing else knows; without it agents may not use them')
      .requiredOption('--reason <text>', 'kept in the audit trail')
      .option('--project <project>', 'only for this project')
      .option('--remove', 'refuse unknown models again'),
  ).action((options: ChangeOptions & RateOptions) =>
    run((context) => setCeiling(context, options)),
  );
}

async function showVersions(context: Context): Promise<undefined> {
  const versions = await (await context.client()).get<{ items: Version[] }>('/v1/prices/versions');
  const text = table<Version>(
    [
      { title: 'Version', value: (row) => row.version },
      { title: 'From', value: (row) => moment(row.effectiveFrom) },
      { title: 'Models', value: (row) => String(row.models), alignRight: true },
      { title: '', value: (row) => (row.inForce ? 'in force' : '') },
    ],
    versions.items,
  );
  context.print(versions, text);
  return undefined;
}

async function showPublicKey(context: Context): Promise<undefined> {
  const answer = await (await context.client()).get<{ key: string }>('/v1/prices/public-key');
  context.print(answer, answer.key);
  return undefined;
}
