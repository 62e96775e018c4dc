import type { Schemas } from '../../api/client';
import { averageRate, type BurnRate, fasterRate, runOutAt } from '../../core/burn-rate';
import { nano } from '../../core/money';
import { type Attention, attentionOf } from '../projects/project-view';

type Project = Schemas['Project'];
type ByProject = Schemas['UsageSummary']['byProject'];
const DAY_MS = 86_400_000;

export interface Forecast {
  readonly project: Project;
  readonly rate: BurnRate | undefined;
  readonly runsOutAtMs: number | undefined;
  readonly attention: Attention | undefined;
}

/** How fast each project spends (the faster of today and the whole window) and when its free money is gone. */
export function forecasts(options: {
  projects: readonly Project[];
  today: ByProject;
  window: ByProject;
  windowDays: number;
  dayStartMs: number;
  nowMs: number;
}): Forecast[] {
  const { nowMs, dayStartMs } = options;
  const today = new Map(options.today.map(({ projectId, cost }) => [projectId, nano(cost)]));
  const window = new Map(options.window.map(({ projectId, cost }) => [projectId, nano(cost)]));
  return options.projects.map((project) => {
    const createdAtMs = Date.parse(project.createdAt);
    const rate = fasterRate(
      averageRate({
        spent: today.get(project.id) ?? 0n,
        windowStartMs: dayStartMs,
        createdAtMs,
        nowMs,
      }),
      averageRate({
        spent: window.get(project.id) ?? 0n,
        windowStartMs: dayStartMs - (options.windowDays - 1) * DAY_MS,
        createdAtMs,
        nowMs,
      }),
    );
    const runsOutAtMs = runOutAt(nano(project.balance.available), rate, nowMs);
    return { project, rate, runsOutAtMs, attention: attentionOf(project, runsOutAtMs, nowMs) };
  });
}

/** Those that run out, soonest first; what is empty already, or stands still, has its place under "needs attention". */
export function runningOut(all: readonly Forecast[], nowMs: number) {
  return all
    .flatMap(({ project, rate, runsOutAtMs }) =>
      rate !== undefined &&
      runsOutAtMs !== undefined &&
      runsOutAtMs > nowMs &&
      project.state === 'active'
        ? [{ project, rate, runsOutAtMs }]
        : [],
    )
    .sort((a, b) => a.runsOutAtMs - b.runsOutAtMs);
}

export function needingAttention(all: readonly Forecast[]) {
  return all
    .flatMap(({ project, attention }) => (attention ? [{ project, attention }] : []))
    .sort(
      (a, b) => a.attention.rank - b.attention.rank || a.project.name.localeCompare(b.project.name),
    );
}
