import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';

export interface Row {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is compared with, measured in the same run. */
  readonly reference?: string;
  /** Value of this metric divided by that of the reference. */
  readonly ratio?: number;
}

export interface Report {
  readonly name: string;
  readonly machine: string;
  readonly rows: readonly Row[];
}

export function machine(): string {
  const [cpu] = cpus();
  return `${availableParallelism()} cores (${cpu?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${execFileSync('uname', ['-sr']).toString().trim()}, Node ${process.version}`;
}

export function print(report: Report): void {
  process.stdout.write(`\n${report.name} on ${report.machine}\n\n`);
  for (const { metric, value, unit, reference, ratio } of report.rows) {
    const compared = ratio === undefined ? '' : `${ratio.toFixed(2)} × ${reference ?? ''}`;
    process.stdout.write(
      `${metric.padEnd(18)} ${format(value).padStart(12)} ${unit.padEnd(6)} ${compared}\n`,
    );
  }
}

export function save(report: Report, file: string): void {
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`);
}

function format(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}

/** @param share 0.5 for the median, 0.99 for p99 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
