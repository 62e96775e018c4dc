import { Component } from '@angular/core';
import { RouterLink } from '@angular/router';
import { pagedList } from '../../api/paged-list';
import { UiEmpty, UiList, UiTableScroll, UiTime, UiTimeHead } from '../../ui';

@Component({
  selector: 'app-alerts',
  imports: [RouterLink, UiEmpty, UiList, UiTableScroll, UiTime, UiTimeHead],
  template: `<ui-list
    heading="Alerts"
    note="newest first, kept for 90 days"
    what="alerts"
    [level]="1"
    [of]="list"
    [skeletonRows]="8"
  >
    <ui-empty
      icon="bell"
      heading="Nothing to tell"
      text="Budgets that run low, debt, keys that expire, leak or behave strangely appear here."
    />
    <div uiTableScroll="Alerts, table">
      <table class="table sm:min-w-[640px]">
        <thead>
          <tr>
            <th uiTimeHead class="max-sm:hidden"></th>
            <th scope="col" class="max-sm:hidden">Kind</th>
            <th scope="col" class="max-sm:hidden">Project</th>
            <th scope="col">What happened</th>
          </tr>
        </thead>
        <tbody>
          @for (alert of list.value()?.items; track alert.id) {
            <tr class="align-top">
              <td class="text-muted max-sm:hidden"><ui-time [at]="alert.at" /></td>
              <td class="max-sm:hidden">
                <code class="rounded bg-sunken px-1.5 py-0.5 font-mono text-xs whitespace-nowrap">{{
                  alert.kind
                }}</code>
              </td>
              <td class="max-w-36 truncate max-sm:hidden xl:max-w-48">
                @if (alert.projectId; as projectId) {
                  <a class="link" [routerLink]="['/projects', projectId]">{{
                    alert.projectName
                  }}</a>
                }
              </td>
              <td class="break-words sm:min-w-48 xl:min-w-64">
                {{ alert.summary }}
                <div class="text-xs text-muted sm:hidden">
                  {{ alert.kind }} · <ui-time as="ago" [at]="alert.at" />
                </div>
              </td>
            </tr>
          }
        </tbody>
      </table>
    </div>
  </ui-list>`,
})
export class Alerts {
  protected readonly list = pagedList('/v1/alerts', (query) => ({ query }), {
    topics: ['projects', 'budgets', 'leases', 'keys'],
  });
}
