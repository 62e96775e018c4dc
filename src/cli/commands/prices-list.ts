import type { Command } from 'commander';
import type { PriceList } from '../api/types.js';
import type { Context } from '../context.js';
import { findProject } from '../resolve.js';
import { count, dollars } from '../terminal/format.js';
import { type Column, table } from '../terminal/table.js';
import { isPaidByUnit, ratesText, type WireRates } from './rate-words.js';

export interface PriceOptions {
  readonly provider?: string;
  readonly search?: string;
  readonly project?: string;
  readonly list?: boolean;
}

type Item = PriceList['items'][number];

interface Row extends Item {
  /** No token of it has a price. */
  readonly isByUnit: boolean;
  readonly others: WireRates;
}

export function withPriceOptions(command: Command): Command {
  return command
    .description('What models cost now, in dollars per million tokens or per unit')
    .option('--provider <id>', 'only of this provider')
    .option('--search <text>', 'only models whose name holds this')
    .option('--project <project>', "with the project's own rates and mark-up")
    .option('--list', 'the price table alone, without own rates and mark-up');
}

export async function showPrices(
  context: Context,
  { provider, search, project, list }: PriceOptions,
): Promise<undefined> {
  const client = await context.client();
  const prices = await client.get<PriceList>('/v1/prices', {
    provider,
    search,
    projectId: project === undefined ? undefined : (await findProject(client, project)).id,
    basis: list === true ? 'list' : undefined,
  });
  const rows = prices.items.map(rowOf);
  context.print(prices, table<Row>(columnsFor(rows), rows, 'No model fits.'));
  context.note(
    `Price table ${prices.version}, dollars per million tokens${termsNote(prices, list === true)}.`,
  );
  return undefined;
}

function rowOf(item: Item): Row {
  const others = Object.fromEntries(item.otherRates.map(({ unit, rate }) => [unit, rate]));
  const { inputPerMillion, outputPerMillion } = item;
  const isByUnit = isPaidByUnit({
    ...others,
    ...(inputPerMillion !== null && { input: inputPerMillion }),
    ...(outputPerMillion !== null && { output: outputPerMillion }),
  });
  return { ...item, isByUnit, others };
}

function columnsFor(rows: readonly Row[]): Column<Row>[] {
  const price =
    (name: 'inputPerMillion' | 'cacheReadPerMillion' | 'outputPerMillion') =>
    (row: Row): string => {
      const rate = row[name];
      return rate === null || row.isByUnit ? '–' : dollars(rate);
    };
  const tokens = (value: number | null): string => (value === null ? '–' : count(value));
  const columns: (Column<Row> & { readonly optional?: boolean })[] = [
    { title: 'Provider', value: (row) => row.provider },
    { title: 'Model', value: (row) => row.model },
    { title: 'Input', value: price('inputPerMillion'), alignRight: true },
    { title: 'Cached', value: price('cacheReadPerMillion'), alignRight: true },
    { title: 'Output', value: price('outputPerMillion'), alignRight: true },
    {
      title: 'By unit',
      value: (row) => (row.isByUnit ? ratesText(row.others) : ''),
      optional: true,
    },
    {
      title: 'Rates',
      value: (row) => (row.source === 'override' ? 'own' : ''),
      optional: true,
    },
    {
      title: 'Besides',
      value: (row) => (row.isByUnit ? '' : ratesText(row.others)),
      detail: true,
      optional: true,
    },
    { title: 'Context', value: (row) => tokens(row.contextTokens), alignRight: true, detail: true },
    {
      title: 'Max output',
      value: (row) => tokens(row.maxOutputTokens),
      alignRight: true,
      detail: true,
    },
  ];
  return columns.filter(
    ({ optional, value }) => optional !== true || rows.some((row) => value(row) !== ''),
  );
}

function termsNote({ markupBasisPoints, items }: PriceList, isTableAlone: boolean): string {
  if (isTableAlone) return ', without own rates and mark-up';
  const parts = [
    ...(items.some(({ source }) => source === 'override') ? ['own rates'] : []),
    ...(markupBasisPoints > 0 ? [`the mark-up of ${String(markupBasisPoints / 100)} %`] : []),
  ];
  return parts.length === 0 ? '' : `, with ${parts.join(' and ')}`;
}
