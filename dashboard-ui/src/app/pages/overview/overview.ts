import { Component, computed, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../../api/client';
import { perHour, recentRate } from '../../core/burn-rate';
import { drawnUsd, exactUsd, nano, shortUsd, sumNano } from '../../core/money';
import { Now } from '../../core/now';
import {
  calendarDay,
  clock,
  ownTimeZone,
  roughDuration,
  soonClock,
  startOfDay,
} from '../../core/time';
import { Session } from '../../session/session';
import {
  UiBadge,
  UiBalanceBar,
  UiButton,
  UiCard,
  UiChart,
  UiEmpty,
  UiIcon,
  UiLoadState,
  UiMoney,
  UiSection,
} from '../../ui';
import { amountText, axisUsd, costChart, lastDays, totalText } from '../project/usage-view';
import { forecasts, needingAttention, runningOut } from './forecast';
import { KeyFigure } from './key-figure';

const DAYS = 14;
const MOST_PROJECTS = 200;
const SHOWN_ROWS = 5;

@Component({
  selector: 'app-overview',
  imports: [
    KeyFigure,
    RouterLink,
    UiBadge,
    UiBalanceBar,
    UiButton,
    UiCard,
    UiChart,
    UiEmpty,
    UiIcon,
    UiLoadState,
    UiMoney,
    UiSection,
  ],
  templateUrl: './overview.html',
})
export class Overview {
  protected readonly session = inject(Session);
  protected readonly axisUsd = axisUsd;
  protected readonly zone = ownTimeZone();
  private readonly now = inject(Now);
  private readonly api = inject(Api);
  protected readonly usage = this.api.get('/v1/usage/summary', () => ({ query: { days: DAYS } }), [
    'usage',
  ]);
  private readonly usageToday = this.api.get('/v1/usage/summary', () => ({ query: { days: 1 } }), [
    'usage',
  ]);
  protected readonly projects = this.api.get(
    '/v1/projects',
    () => ({ query: { limit: MOST_PROJECTS } }),
    ['projects', 'leases', 'usage'],
  );
  private readonly timeZone = computed(() => this.session.organization()?.timeZone ?? 'UTC');
  private readonly rows = computed(() => this.projects.value()?.items ?? []);
  protected readonly isNew = computed(
    () => this.projects.value() !== undefined && this.rows().length === 0,
  );
  protected readonly isCut = computed(() => Boolean(this.projects.value()?.nextCursor));

  protected readonly spent = computed(() => {
    const usage = this.usage.value();
    return (
      usage && {
        today: usage.today,
        month: usage.month,
        yesterday: `${shortUsd(nano(usage.yesterday))} all of yesterday`,
        since: `since ${calendarDay(firstOfMonth(this.now.ms()))}, UTC`,
      }
    );
  });
  protected readonly period = computed(() => {
    const calls = this.usage.value()?.calls;
    const made = calls === undefined ? '' : `, ${calls.toLocaleString('en-US')} calls`;
    return `per day, ${DAYS} days${made}`;
  });
  protected readonly leased = computed(() => {
    if (!this.projects.value()) return undefined;
    const total = (part: 'leased' | 'available') =>
      sumNano(this.rows().map(({ balance }) => nano(balance[part])));
    return {
      amount: shortUsd(total('leased')),
      exact: exactUsd(total('leased')),
      hint: `${shortUsd(total('available'))} free in ${this.rows().length} ${this.rows().length === 1 ? 'project' : 'projects'}`,
    };
  });
  protected readonly agents = computed(() => {
    if (!this.projects.value()) return undefined;
    const busy = this.rows().filter(({ activeAgents }) => activeAgents > 0);
    return {
      count: busy.reduce((sum, { activeAgents }) => sum + activeAgents, 0).toLocaleString('en-US'),
      hint:
        busy.length === 0
          ? 'none in the last minute'
          : `in ${busy.length} of ${this.rows().length} ${this.rows().length === 1 ? 'project' : 'projects'}`,
    };
  });

  private readonly forecasts = computed(() => {
    const nowMs = this.now.ms();
    return forecasts({
      projects: this.rows(),
      today: this.usageToday.value()?.byProject ?? [],
      window: this.usage.value()?.byProject ?? [],
      windowDays: DAYS,
      dayStartMs: startOfDay(this.timeZone(), nowMs),
      nowMs,
    });
  });
  protected readonly runningOut = computed(() => {
    const nowMs = this.now.ms();
    return runningOut(this.forecasts(), nowMs)
      .slice(0, SHOWN_ROWS)
      .map(({ project, rate, runsOutAtMs }) => ({
        project,
        left: `in ${roughDuration(runsOutAtMs - nowMs)}`,
        at: soonClock(runsOutAtMs, nowMs),
        rate: `${shortUsd(perHour(rate))} an hour, as in ${rate.basis}`,
      }));
  });
  protected readonly attention = computed(() =>
    needingAttention(this.forecasts()).slice(0, SHOWN_ROWS),
  );

  protected readonly cost = computed(() =>
    costChart(this.usage.value()?.byDay ?? [], lastDays(DAYS, this.timeZone(), this.now.ms())),
  );
  protected readonly dayLabels = computed(() => this.cost().days.map(calendarDay));
  protected readonly costText = computed(() => amountText(this.cost().amounts));
  protected readonly costTotal = computed(() => totalText(this.cost().amounts));

  private readonly minutes = computed(() =>
    (this.usage.value()?.perMinute ?? []).map(({ minute, cost }) => ({ minute, cost: nano(cost) })),
  );
  protected readonly minuteLabels = computed(() =>
    this.minutes().map(({ minute }) => clock(minute)),
  );
  protected readonly minuteSeries = computed(() => [
    {
      name: 'Spent',
      color: 'var(--spent)',
      values: this.minutes().map(({ cost }) => drawnUsd(cost)),
    },
  ]);
  protected readonly minuteText = (_: number, index: number): string =>
    exactUsd(this.minutes()[index]?.cost ?? 0n);
  protected readonly pace = computed(() => {
    const rate = recentRate(this.minutes());
    return rate
      ? `${shortUsd(perHour(rate))} an hour, as in ${rate.basis}`
      : 'nothing in 30 minutes';
  });

  protected short(wire: string | undefined): string | undefined {
    return wire === undefined ? undefined : shortUsd(nano(wire));
  }

  protected exact(wire: string | undefined): string | undefined {
    return wire === undefined ? undefined : exactUsd(nano(wire));
  }
}

/** The server's months are those of UTC. */
const firstOfMonth = (nowMs: number): string => `${new Date(nowMs).toISOString().slice(0, 7)}-01`;
