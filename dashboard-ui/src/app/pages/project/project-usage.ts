import { Component, computed, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../../api/client';
import { nano } from '../../core/money';
import { Now } from '../../core/now';
import { calendarDay } from '../../core/time';
import { Session } from '../../session/session';
import {
  UiButton,
  UiChart,
  UiEmpty,
  UiLoadState,
  UiMoney,
  UiSection,
  UiTableScroll,
} from '../../ui';
import { LeaseTable } from '../leases/lease-table';
import { ProjectStore } from './project-store';
import { amountText, axisUsd, costChart, lastDays, totalText } from './usage-view';

const DAYS = 14;
const SHOWN_LEASES = 10;

@Component({
  selector: 'app-project-usage',
  imports: [
    LeaseTable,
    RouterLink,
    UiButton,
    UiChart,
    UiEmpty,
    UiLoadState,
    UiMoney,
    UiSection,
    UiTableScroll,
  ],
  template: `<div
      class="grid grid-cols-[minmax(0,1fr)] gap-4 xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]"
    >
      <ui-section heading="Cost per day" note="14 days, by model">
        <ui-load-state [of]="usage" what="figures" [rows]="3" />
        @if (usage.value()) {
          @if (chart().series.length > 0) {
            <ui-chart
              class="p-4"
              kind="bars"
              label="Cost per day by model"
              xName="Day"
              [height]="300"
              [x]="dayLabels()"
              [series]="chart().series"
              [text]="chartText()"
              [total]="chartTotal()"
              [axisText]="axisUsd"
            />
          } @else {
            <ui-empty
              icon="activity"
              heading="Nothing was spent in 14 days"
              text="Start an agent with a key of this project; its calls show up here while it runs."
            >
              <a uiButton routerLink="keys">Keys of this project</a>
            </ui-empty>
          }
        }
      </ui-section>
      <ui-section heading="Spend by model" note="14 days">
        <ui-load-state [of]="usage" what="figures" [rows]="3" />
        @if (models().length > 0) {
          <div uiTableScroll="Spend by model, table">
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">Model</th>
                  <th scope="col" class="text-right max-sm:hidden">Tokens in</th>
                  <th scope="col" class="text-right max-sm:hidden">Tokens out</th>
                  <th scope="col" class="text-right">Cost</th>
                </tr>
              </thead>
              <tbody>
                @for (row of models(); track row.provider + row.model) {
                  <tr>
                    <td class="max-w-52">
                      <a
                        class="link block truncate"
                        routerLink="/prices"
                        [queryParams]="{ search: row.model }"
                        >{{ row.model }}</a
                      >
                      <span class="text-xs text-muted"
                        >{{ row.provider }}, {{ row.calls.toLocaleString('en-US') }}
                        {{ row.calls === 1 ? 'call' : 'calls' }}</span
                      >
                    </td>
                    <td class="text-right max-sm:hidden">
                      {{ row.inputTokens.toLocaleString('en-US') }}
                    </td>
                    <td class="text-right max-sm:hidden">
                      {{ row.outputTokens.toLocaleString('en-US') }}
                    </td>
                    <td class="text-right"><ui-money [value]="row.cost" /></td>
                  </tr>
                }
              </tbody>
            </table>
          </div>
        } @else if (usage.value()) {
          <p class="p-4 text-muted">No model was used.</p>
        }
      </ui-section>
    </div>
    <ui-section class="mt-4" heading="Open leases">
      <a
        sectionActions
        uiButton
        size="sm"
        variant="ghost"
        routerLink="/leases"
        [queryParams]="{ project: store.id(), state: 'all' }"
        >All leases</a
      >
      <ui-load-state [of]="leases" what="leases" [rows]="2" />
      @if (leases.value(); as page) {
        @if (page.items.length > 0) {
          <app-lease-table
            [leases]="page.items"
            [withProject]="false"
            (changed)="leases.reload()"
          />
        } @else {
          <p class="p-4 text-muted">No money is leased now.</p>
        }
      }
    </ui-section>`,
})
export class ProjectUsage {
  protected readonly store = inject(ProjectStore);
  protected readonly axisUsd = axisUsd;
  private readonly api = inject(Api);
  private readonly now = inject(Now);
  private readonly session = inject(Session);
  protected readonly usage = this.api.get(
    '/v1/usage/summary',
    () => ({ query: { projectId: this.store.id(), days: DAYS } }),
    ['usage'],
  );
  protected readonly leases = this.api.get(
    '/v1/leases',
    () => ({ query: { projectId: this.store.id(), open: 'true', limit: SHOWN_LEASES } }),
    ['leases'],
  );
  protected readonly models = computed(() =>
    [...(this.usage.value()?.byModel ?? [])].sort((a, b) => (nano(a.cost) < nano(b.cost) ? 1 : -1)),
  );
  private readonly today = computed(
    () => lastDays(1, this.session.organization()?.timeZone ?? 'UTC', this.now.ms())[0],
  );
  protected readonly chart = computed(() => {
    this.today();
    const timeZone = this.session.organization()?.timeZone ?? 'UTC';
    return costChart(this.usage.value()?.byDay ?? [], lastDays(DAYS, timeZone, Date.now()));
  });
  protected readonly dayLabels = computed(() => this.chart().days.map(calendarDay));
  protected readonly chartText = computed(() => amountText(this.chart().amounts));
  protected readonly chartTotal = computed(() => totalText(this.chart().amounts));
}
