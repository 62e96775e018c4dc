import { Component, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../../api/client';
import { Pager } from '../../core/pager';
import { ownTimeZone } from '../../core/time';
import { UiEmpty, UiLoadState, UiPager, UiSection, UiTableScroll, UiTime } from '../../ui';

const PAGE_SIZE = 50;

@Component({
  selector: 'app-alerts',
  imports: [RouterLink, UiEmpty, UiLoadState, UiPager, UiSection, UiTableScroll, UiTime],
  template: `<ui-section heading="Alerts" [level]="1" note="newest first, kept for 90 days">
    <ui-load-state [of]="list" what="alerts" [rows]="8" />
    @if (list.value(); as page) {
      @if (page.items.length > 0) {
        <div uiTableScroll="Alerts, table">
          <table class="table min-w-[640px]">
            <thead>
              <tr>
                <th scope="col">Time ({{ zone }})</th>
                <th scope="col">Kind</th>
                <th scope="col">Project</th>
                <th scope="col">What happened</th>
              </tr>
            </thead>
            <tbody>
              @for (alert of page.items; track alert.id) {
                <tr class="align-top">
                  <td class="text-muted"><ui-time [at]="alert.at" /></td>
                  <td>
                    <code
                      class="rounded bg-sunken px-1.5 py-0.5 font-mono text-xs whitespace-nowrap"
                      >{{ alert.kind }}</code
                    >
                  </td>
                  <td class="max-w-48 truncate">
                    @if (alert.projectId; as projectId) {
                      <a class="link" [routerLink]="['/projects', projectId]">{{
                        alert.projectName
                      }}</a>
                    }
                  </td>
                  <td class="min-w-64">{{ alert.summary }}</td>
                </tr>
              }
            </tbody>
          </table>
        </div>
        <ui-pager [pager]="pager" [nextCursor]="page.nextCursor" what="alerts" />
      } @else {
        <ui-empty
          icon="bell"
          heading="Nothing to tell"
          text="Budgets that run low, debt, keys that expire, leak or behave strangely appear here."
        />
      }
    }
  </ui-section>`,
})
export class Alerts {
  protected readonly zone = ownTimeZone();
  protected readonly pager = new Pager();
  protected readonly list = inject(Api).get(
    '/v1/alerts',
    () => ({ query: { cursor: this.pager.cursor(), limit: PAGE_SIZE } }),
    ['projects', 'budgets', 'leases', 'keys'],
  );
}
