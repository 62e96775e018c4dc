import { Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api, type Schemas } from '../../api/client';
import { averageRate, fasterRate, perHour, recentRate, runOutAt } from '../../core/burn-rate';
import { nano, shortUsd, sumNano } from '../../core/money';
import { Now } from '../../core/now';
import { roughDuration, soonClock, startOfDay } from '../../core/time';
import { Session } from '../../session/session';
import { UiBalanceBar, UiCard, UiMoney } from '../../ui';

const AVERAGE_DAYS = 14;
const DAY_MS = 86_400_000;

/** Where the money of the project is, how fast it goes, and when it runs out. */
@Component({
  selector: 'app-project-balance',
  imports: [RouterLink, UiBalanceBar, UiCard, UiMoney],
  template: `<section uiCard class="p-4" aria-label="Balance">
    <dl class="grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-3 xl:grid-cols-5">
      <div class="max-sm:col-span-2">
        <dt class="flex items-center gap-1.5 text-muted">
          <span class="size-2 rounded-[3px] bg-free" aria-hidden="true"></span>Free
        </dt>
        <dd class="mt-0.5 text-2xl font-semibold tracking-tight wrap-anywhere sm:text-xl">
          <ui-money [exact]="true" [value]="project().balance.available" />
        </dd>
      </div>
      <div>
        <dt class="flex items-center gap-1.5 text-muted">
          <span class="size-2 rounded-[3px] bg-leased" aria-hidden="true"></span>Leased
        </dt>
        <dd class="mt-0.5 text-base font-semibold tracking-tight wrap-anywhere sm:text-xl">
          <a
            class="link font-semibold!"
            routerLink="/leases"
            [queryParams]="{ project: project().id }"
            ><ui-money [exact]="true" [value]="project().balance.leased"
          /></a>
        </dd>
      </div>
      <div>
        <dt class="flex items-center gap-1.5 text-muted">
          <span class="size-2 rounded-[3px] bg-spent" aria-hidden="true"></span>Spent
        </dt>
        <dd class="mt-0.5 text-base font-semibold tracking-tight wrap-anywhere sm:text-xl">
          <ui-money [exact]="true" [value]="project().balance.spent" />
        </dd>
      </div>
      <!-- On a phone only when there is some. -->
      <div [class.max-sm:hidden]="!inDebt()">
        <dt class="text-muted">Debt</dt>
        <dd
          class="mt-0.5 text-base font-semibold tracking-tight wrap-anywhere sm:text-xl"
          [class.text-bad]="inDebt()"
        >
          <ui-money [exact]="true" [value]="project().balance.debt" />
        </dd>
      </div>
      <div class="max-sm:col-span-2">
        <dt class="text-muted">Runs out</dt>
        <dd class="mt-0.5 text-base font-semibold tracking-tight sm:text-xl">
          {{ forecast().when }}
        </dd>
        <dd class="text-xs text-muted">{{ forecast().basis }}</dd>
      </div>
    </dl>
    <ui-balance-bar class="mt-4" size="lg" [balance]="project().balance" />
    <p class="mt-2 text-xs text-muted">
      Deposited <ui-money [exact]="true" [value]="project().balance.deposited" /> ·
      {{ project().activeAgents }} {{ project().activeAgents === 1 ? 'agent' : 'agents' }} running
    </p>
  </section>`,
})
export class ProjectBalance {
  readonly project = input.required<Schemas['Project']>();
  private readonly now = inject(Now);
  private readonly session = inject(Session);
  private readonly timeZone = computed(() => this.session.organization()?.timeZone ?? 'UTC');
  private readonly usage = inject(Api).get(
    '/v1/usage/summary',
    () => ({ query: { projectId: this.project().id, days: AVERAGE_DAYS } }),
    ['usage'],
  );
  protected readonly inDebt = computed(() => nano(this.project().balance.debt) > 0n);
  private readonly rate = computed(() => {
    const usage = this.usage.value();
    if (!usage) return undefined;
    const recent = recentRate(usage.perMinute.map(({ cost }) => ({ cost: nano(cost) })));
    const average = averageRate({
      spent: sumNano(usage.byDay.map(({ cost }) => nano(cost))),
      windowStartMs: startOfDay(this.timeZone(), this.now.ms()) - (AVERAGE_DAYS - 1) * DAY_MS,
      createdAtMs: Date.parse(this.project().createdAt),
      nowMs: this.now.ms(),
    });
    return fasterRate(recent, average);
  });
  protected readonly forecast = computed(() => {
    const { available, deposited } = this.project().balance;
    const nowMs = this.now.ms();
    if (nano(deposited) === 0n) return { when: '–', basis: 'Nothing was deposited yet.' };
    if (nano(available) === 0n) return { when: 'now', basis: 'Nothing is free to lease.' };
    const rate = this.rate();
    const atMs = runOutAt(nano(available), rate, nowMs);
    if (!rate || atMs === undefined)
      return { when: 'not soon', basis: `Nothing was spent in ${AVERAGE_DAYS} days.` };
    return {
      when: `in ${roughDuration(atMs - nowMs)}`,
      basis: `${soonClock(atMs, nowMs)}, at ${shortUsd(perHour(rate))} an hour as in ${rate.basis}`,
    };
  });
}
