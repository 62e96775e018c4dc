import type { ApiClient } from '../api/api-client.js';
import { usageError } from '../cli-error.js';
import type { Context } from '../context.js';
import { creating, requestIdOf } from '../request-ids.js';
import { findProject } from '../resolve.js';
import { moment } from '../terminal/format.js';
import { printable, table } from '../terminal/table.js';
import { ratesOf, tiersOf, type RateOptions, type TierOptions } from './rate-options.js';
import { ratesText, type WireRates } from './rate-words.js';

export interface ScopeOptions {
  readonly project?: string;
}
export interface ChangeOptions extends ScopeOptions {
  readonly reason: string;
  readonly remove?: boolean;
}
export interface OverrideOptions extends ChangeOptions, RateOptions, TierOptions {
  readonly from?: string;
  readonly until?: string;
  readonly requestId?: string;
}

interface Override {
  readonly id: string;
  readonly projectId: string | null;
  readonly provider: string;
  readonly model: string;
  readonly rates: WireRates;
  readonly tiers: readonly {
    readonly aboveInputTokens: number;
    readonly rates: WireRates;
  }[];
  readonly from: string;
  readonly until: string | null;
  readonly reason: string;
}
interface Terms {
  readonly markups: readonly (Term & { readonly basisPoints: number })[];
  readonly ceilings: readonly (Term & { readonly rates: WireRates })[];
}
interface Term {
  readonly projectId: string | null;
  readonly reason: string;
  readonly updatedAt: string;
}
const PERCENT = /^(\d{1,4})(?:\.(\d{1,2}))?%?$/;

export async function showOverrides(context: Context, options: ScopeOptions): Promise<undefined> {
  const client = await context.client();
  const overrides = await client.get<{ items: Override[] }>('/v1/prices/overrides', {
    projectId: await projectOf(client, options),
  });
  const text = table<Override>(
    [
      { title: 'Id', value: (row) => row.id },
      { title: 'For', value: (row) => row.projectId ?? 'organization' },
      { title: 'Model', value: (row) => `${row.provider}/${row.model}` },
      { title: 'Rates', value: overrideText },
      { title: 'From', value: (row) => row.from },
      { title: 'Until', value: (row) => row.until ?? '–' },
      { title: 'Reason', value: (row) => row.reason },
    ],
    overrides.items,
    'There are no own rates: the price table applies.',
  );
  context.print(overrides, text);
  return undefined;
}

export async function setOverride(
  context: Context,
  provider: string,
  model: string,
  options: OverrideOptions,
): Promise<undefined> {
  const rates = ratesOf(options);
  const tiers = tiersOf(options);
  const requestId = requestIdOf(options.requestId);
  const client = await context.client();
  const projectId = await projectOf(client, options);
  const { from, until, reason } = options;
  const override = await creating(requestId, () =>
    client.send<Override>({
      method: 'POST',
      path: '/v1/prices/overrides',
      body: { id: requestId, projectId, provider, model, rates, tiers, from, until, reason },
      repeatable: true,
    }),
  );
  const { id, from: first } = override;
  context.print(
    override,
    `${printable(`${provider}/${model}`)}: ${overrideText(override)} from ${first} on. End it with: iron-cage prices override-remove ${id}`,
  );
  return undefined;
}

export async function removeOverride(context: Context, id: string): Promise<undefined> {
  const client = await context.client();
  await client.send({
    method: 'DELETE',
    path: `/v1/prices/overrides/${encodeURIComponent(id)}`,
  });
  context.print({ removed: id }, `Ended the override ${printable(id)}.`);
  return undefined;
}

export async function showTerms(context: Context, options: ScopeOptions): Promise<undefined> {
  const client = await context.client();
  const projectId = await projectOf(client, options);
  printTerms(context, await client.get<Terms>('/v1/prices/terms', { projectId }));
  return undefined;
}

export async function setMarkup(
  context: Context,
  percent: string | undefined,
  options: ChangeOptions,
): Promise<undefined> {
  const remove = options.remove === true;
  if (remove === (percent !== undefined)) throw usageError('Give a percentage, or --remove.');
  const basisPoints = percent === undefined ? null : basisPointsOf(percent);
  await changeTerm(context, 'markup', options, { basisPoints });
  return undefined;
}

export async function setCeiling(
  context: Context,
  options: ChangeOptions & RateOptions,
): Promise<undefined> {
  const rates = options.remove === true ? null : ratesOf(options);
  await changeTerm(context, 'ceiling', options, { rates });
  return undefined;
}

async function changeTerm(
  context: Context,
  name: 'markup' | 'ceiling',
  options: ChangeOptions,
  change: object,
): Promise<void> {
  const client = await context.client();
  const projectId = await projectOf(client, options);
  const terms = await client.send<Terms>({
    method: 'PUT',
    path: `/v1/prices/${name}`,
    body: { projectId, ...change, reason: options.reason },
    repeatable: true,
  });
  printTerms(context, terms);
}

function printTerms(context: Context, terms: Terms): void {
  const rows = [
    ...terms.markups.map((row) => ({
      ...row,
      what: 'Mark-up',
      value: `${String(row.basisPoints / 100)} %`,
    })),
    ...terms.ceilings.map((row) => ({ ...row, what: 'Ceiling', value: ratesText(row.rates) })),
  ];
  const text = table<(typeof rows)[number]>(
    [
      { title: 'What', value: (row) => row.what },
      { title: 'For', value: (row) => row.projectId ?? 'organization' },
      { title: 'Value', value: (row) => row.value },
      { title: 'Since', value: (row) => moment(row.updatedAt) },
      { title: 'Reason', value: (row) => row.reason },
    ],
    rows,
    'No mark-up and no ceiling: unknown models are refused.',
  );
  context.print(terms, text);
}

async function projectOf(
  client: ApiClient,
  { project }: ScopeOptions,
): Promise<string | undefined> {
  return project === undefined ? undefined : (await findProject(client, project)).id;
}

function overrideText({ rates, tiers }: Override): string {
  const dearer = tiers.map(
    (tier) => `; above ${tier.aboveInputTokens} tokens ${ratesText(tier.rates)}`,
  );
  return ratesText(rates) + dearer.join('');
}

function basisPointsOf(text: string): number {
  const match = PERCENT.exec(text);
  if (match === null) {
    throw usageError(`"${text}" is not a percentage. Give one such as 5 or 2.5, at most 1000.`);
  }
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
}
