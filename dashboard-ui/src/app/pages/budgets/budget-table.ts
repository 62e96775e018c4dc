import { Component, computed, inject, input, output } from '@angular/core';
import { CdkMenu, CdkMenuItem, CdkMenuTrigger } from '@angular/cdk/menu';
import { RouterLink } from '@angular/router';
import { perHour } from '../../core/burn-rate';
import { nano, shortUsd } from '../../core/money';
import { Now } from '../../core/now';
import { dateTime, roughDuration, soonClock } from '../../core/time';
import { Session } from '../../session/session';
import {
  UiBadge,
  UiBalanceAmounts,
  UiBalanceHead,
  UiButton,
  UiIcon,
  UiMenu,
  UiMenuItem,
  UiMoney,
  UiRowAction,
  UiTableScroll,
} from '../../ui';
import { BudgetActions } from './budget-actions';
import {
  type Budget,
  exhaustedAt,
  nameOf,
  rateOf,
  scopeLabel,
  stateOf,
  wholeOf,
  windowLabel,
} from './budget-view';

/** What runs out within this time stands out. */
const SOON_MS = 86_400_000;

@Component({
  selector: 'app-budget-table',
  imports: [
    CdkMenu,
    CdkMenuItem,
    CdkMenuTrigger,
    RouterLink,
    UiBadge,
    UiBalanceAmounts,
    UiBalanceHead,
    UiButton,
    UiIcon,
    UiMenu,
    UiMenuItem,
    UiMoney,
    UiRowAction,
    UiTableScroll,
  ],
  templateUrl: './budget-table.html',
})
export class BudgetTable {
  readonly budgets = input.required<readonly Budget[]>();
  /** Key id to project id, for those that are known. */
  readonly projectOfKey = input<ReadonlyMap<string, string>>(new Map());
  readonly changed = output();
  protected readonly session = inject(Session);
  protected readonly nameOf = nameOf;
  protected readonly scopeLabel = scopeLabel;
  protected readonly windowLabel = windowLabel;
  private readonly actions = inject(BudgetActions);
  private readonly now = inject(Now);
  private readonly timeZone = computed(() => this.session.organization()?.timeZone ?? 'UTC');
  private readonly still = computed(() =>
    this.budgets().map((budget) => {
      const whole = wholeOf(budget);
      const raised = nano(budget.raised);
      return {
        budget,
        name: nameOf(budget),
        link: this.linkOf(budget),
        only: onlyFor(budget),
        state: stateOf(budget),
        whole: shortUsd(whole),
        raised: raised > 0n ? shortUsd(raised) : '',
      };
    }),
  );
  protected readonly rows = computed(() => {
    const nowMs = this.now.ms();
    return this.still().map((row) => ({
      ...row,
      ...resetOf(row.budget, nowMs),
      forecast: this.forecastOf(row.budget, nowMs),
    }));
  });

  protected async raise(budget: Budget): Promise<void> {
    if (await this.actions.raise(budget)) this.changed.emit();
  }

  protected async change(budget: Budget): Promise<void> {
    if (await this.actions.change(budget)) this.changed.emit();
  }

  protected async remove(budget: Budget): Promise<void> {
    if (await this.actions.remove(budget)) this.changed.emit();
  }

  private linkOf({ scope, scopeId }: Budget): readonly string[] | undefined {
    if (scope === 'project') return ['/projects', scopeId];
    if (scope === 'member') return ['/members'];
    if (scope === 'organization') return undefined;
    const projectId = this.projectOfKey().get(scopeId);
    return projectId === undefined ? ['/keys'] : ['/projects', projectId, 'keys'];
  }

  private forecastOf(budget: Budget, nowMs: number) {
    const atMs = exhaustedAt(budget, this.timeZone(), nowMs);
    const rate = rateOf(budget, this.timeZone(), nowMs);
    if (atMs === undefined || !rate) return undefined;
    return {
      isSoon: atMs - nowMs < SOON_MS,
      when: `Runs out in ${roughDuration(atMs - nowMs)}`,
      basis: `, at ${shortUsd(perHour(rate))} an hour as in ${rate.basis}`,
    };
  }
}

function onlyFor({ models, tags }: Budget): { kind: string; names: string }[] {
  return [
    { kind: 'only models', names: models.join(', ') },
    { kind: 'only tags', names: tags.join(', ') },
  ].filter(({ names }) => names !== '');
}

function resetOf({ nextResetAt }: Budget, nowMs: number) {
  if (nextResetAt === null)
    return { resetsIn: 'never', resetsAt: '', resetsFull: '', resetsShort: '' };
  const resetsIn = `in ${roughDuration(Math.max(0, Date.parse(nextResetAt) - nowMs))}`;
  return {
    resetsIn,
    resetsAt: soonClock(nextResetAt, nowMs),
    resetsFull: dateTime(nextResetAt),
    resetsShort: `Anew ${resetsIn}.`,
  };
}
