import { EXIT } from '../cli-error.js';
import type { Context } from '../context.js';
import { findProject } from '../resolve.js';
import { dollars, instantOf, moment, plural } from '../terminal/format.js';
import { facts, table } from '../terminal/table.js';

export interface RecomputeOptions {
  readonly from?: string;
  readonly to?: string;
  readonly project?: string;
}

interface Report {
  readonly ok: boolean;
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly booked: string;
  readonly derived: string;
  readonly clientPriced: number;
  readonly unverifiable: number;
  readonly unverifiableBooked: string;
  readonly mismatched: number;
  readonly mismatches: readonly {
    readonly id: string;
    readonly at: string;
    readonly provider: string;
    readonly model: string;
    readonly version: string;
    readonly booked: string;
    readonly derived: string | null;
  }[];
}

/** @returns the exit code: 1 when a cost does not follow from what is in the books */
export async function recompute(context: Context, options: RecomputeOptions): Promise<number> {
  const client = await context.client();
  const { from, to, project } = options;
  const projectId = project === undefined ? undefined : (await findProject(client, project)).id;
  const report = await client.get<Report>('/v1/prices/recompute', {
    from: from === undefined ? undefined : instantOf(from),
    to: to === undefined ? undefined : instantOf(to),
    projectId,
  });
  const rows = table<Report['mismatches'][number]>(
    [
      { title: 'Record', value: (row) => row.id },
      { title: 'At', value: (row) => moment(row.at) },
      { title: 'Model', value: (row) => `${row.provider}/${row.model}` },
      { title: 'Booked', value: (row) => dollars(row.booked), alignRight: true },
      {
        title: 'Made again',
        value: (row) => (row.derived === null ? 'not possible' : dollars(row.derived)),
        alignRight: true,
      },
    ],
    report.mismatches,
  );
  context.print(report, [summary(report), ...(report.ok ? [] : [rows])].join('\n\n'));
  return report.ok ? EXIT.ok : EXIT.failed;
}

function summary(report: Report): string {
  const { unverifiable, unverifiableBooked } = report;
  return facts([
    ['Range', `${moment(report.from)} to ${moment(report.to)}`],
    ['Records', plural(report.count, 'record')],
    ['Booked', dollars(report.booked)],
    ['Made again', dollars(report.derived)],
    ['By the client', `${plural(report.clientPriced, 'record')} of models without a price`],
    ['Not explained', `${plural(unverifiable, 'record')}, ${dollars(unverifiableBooked)}`],
    ['Mismatches', report.ok ? 'none' : plural(report.mismatched, 'record')],
  ]);
}
