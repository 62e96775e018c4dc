import type { Schemas } from '../../api/client';
import { drawnUsd, type Nano, nano, shortUsd, sumNano } from '../../core/money';
import type { Series } from '../../ui';

type Summary = Schemas['UsageSummary'];

const COLORS = ['var(--c1)', 'var(--c2)', 'var(--c3)', 'var(--c4)', 'var(--c5)'];
const OTHERS_COLOR = 'var(--c6)';

export interface CostChart {
  readonly days: readonly string[];
  readonly series: readonly Series[];
  /** Exact amounts, for text. */
  readonly amounts: readonly (readonly Nano[])[];
}

/** Cost per day and model as stacked bars: the costliest models each with a colour, the rest together. Days without usage count as zero. */
export function costChart(byDay: Summary['byDay'], days: readonly string[]): CostChart {
  const totals = new Map<string, Nano>();
  for (const { model, cost } of byDay) totals.set(model, (totals.get(model) ?? 0n) + nano(cost));
  const ranked = [...totals].sort((a, b) => (a[1] < b[1] ? 1 : -1)).map(([model]) => model);
  const named = ranked.slice(0, COLORS.length);
  const rest = new Set(ranked.slice(COLORS.length));
  const amountsOf = (isOurs: (model: string) => boolean) =>
    days.map((day) =>
      sumNano(
        byDay.filter((row) => row.day === day && isOurs(row.model)).map(({ cost }) => nano(cost)),
      ),
    );
  const stacks = named.map((name, index) => ({
    name,
    color: COLORS[index] ?? OTHERS_COLOR,
    amounts: amountsOf((model) => model === name),
  }));
  if (rest.size > 0)
    stacks.push({
      name: `${rest.size} others`,
      color: OTHERS_COLOR,
      amounts: amountsOf((model) => rest.has(model)),
    });
  return {
    days,
    series: stacks.map(({ name, color, amounts }) => ({
      name,
      color,
      values: amounts.map(drawnUsd),
    })),
    amounts: stacks.map(({ amounts }) => amounts),
  };
}

/** The last `count` calendar days of a time zone, oldest first, as "2026-11-23". */
export function lastDays(count: number, timeZone: string, nowMs: number): string[] {
  const today = new Intl.DateTimeFormat('en-CA', { timeZone }).format(nowMs);
  const midnightMs = Date.parse(`${today}T00:00:00Z`);
  return Array.from({ length: count }, (_, index) =>
    new Date(midnightMs - (count - 1 - index) * 86_400_000).toISOString().slice(0, 10),
  );
}

export const amountText =
  (amounts: readonly (readonly Nano[])[]) =>
  (series: number, index: number): string =>
    shortUsd(amounts[series]?.[index] ?? 0n);

export const totalText =
  (amounts: readonly (readonly Nano[])[]) =>
  (index: number): string =>
    shortUsd(sumNano(amounts.map((series) => series[index] ?? 0n)));

/** Axis labels: round values, as short as they can be. */
export function axisUsd(value: number): string {
  if (value === 0) return '$0';
  if (value >= 1_000_000) return `$${value / 1_000_000}M`;
  if (value >= 1_000) return `$${value / 1_000}k`;
  return `$${Number(value.toPrecision(3))}`;
}
