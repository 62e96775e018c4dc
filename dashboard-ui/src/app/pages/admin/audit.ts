import { Component, computed, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { pagedList } from '../../api/paged-list';
import { TOPICS } from '../../live/live-topics';
import { UiButton, UiEmpty, UiList, UiTableScroll, UiTime, UiTimeHead } from '../../ui';
import { auditDetails } from './audit-details';
import { AuditFilters } from './audit-filters';
import { named, parts } from './audit-view';

@Component({
  selector: 'app-audit',
  imports: [AuditFilters, RouterLink, UiButton, UiEmpty, UiList, UiTableScroll, UiTime, UiTimeHead],
  template: `<ui-list
    heading="Audit log"
    note="newest first"
    what="events"
    [level]="1"
    [of]="list"
    [skeletonRows]="8"
  >
    <app-audit-filters listActions #filters [filter]="filter()" [events]="events()" />
    @if (filters.isFiltered()) {
      <ui-empty
        icon="search"
        heading="No event matches"
        text="Choose a wider time or another action, or clear the filters to see everything."
      >
        <button uiButton type="button" (click)="filters.clear()">Clear filters</button>
      </ui-empty>
    } @else {
      <ui-empty
        icon="scroll-text"
        heading="Nothing happened yet"
        text="Every change and every delivery of a secret is written down here."
      />
    }
    <div uiTableScroll="Audit log, table">
      <table class="table sm:min-w-[760px]">
        <thead>
          <tr>
            <th uiTimeHead class="max-sm:hidden"></th>
            <th scope="col" class="max-sm:hidden">Who</th>
            <th scope="col">Action</th>
            <th scope="col" class="max-sm:hidden">What</th>
            <th scope="col">Details</th>
          </tr>
        </thead>
        <tbody>
          @for (row of rows(); track row.event.id) {
            <tr class="align-top">
              <td class="text-muted max-sm:hidden"><ui-time [at]="row.event.at" /></td>
              <td class="max-w-32 max-sm:hidden xl:max-w-48">
                <a
                  class="link block truncate"
                  [attr.title]="row.event.actor"
                  [routerLink]="[]"
                  [queryParams]="{ actor: row.event.actor }"
                  queryParamsHandling="merge"
                  >{{ row.who.name }}</a
                >
                <span class="text-xs text-muted">{{ row.who.kind }}</span>
              </td>
              <td class="max-sm:w-32 max-sm:max-w-32">
                <code
                  class="rounded bg-sunken box-decoration-clone px-1.5 py-0.5 font-mono text-xs break-words max-sm:text-[11px] max-sm:leading-5 sm:whitespace-nowrap"
                  >{{ row.action[0] }}<wbr class="sm:hidden" />{{ row.action[1] }}</code
                >
                <div class="mt-1 text-xs text-muted sm:hidden">
                  {{ row.who.kind }} {{ row.who.name }}
                  <ui-time class="block" as="ago" [at]="row.event.at" />
                </div>
              </td>
              <td class="max-w-36 max-sm:hidden xl:max-w-56">
                <a
                  class="link block truncate"
                  [attr.title]="row.event.target"
                  [routerLink]="[]"
                  [queryParams]="{ target: row.event.target }"
                  queryParamsHandling="merge"
                  >{{ row.what.name }}</a
                >
                <span class="text-xs text-muted">{{ row.what.kind }}</span>
              </td>
              <td class="text-xs wrap-anywhere text-muted sm:min-w-44 xl:min-w-64">
                <a
                  class="link block text-fg sm:hidden"
                  [routerLink]="[]"
                  [queryParams]="{ target: row.event.target }"
                  queryParamsHandling="merge"
                  >{{ row.what.kind }} {{ row.what.name }}</a
                >
                @for (detail of row.details; track detail.name) {
                  <span class="mr-3 inline-block max-w-full"
                    >{{ detail.name }} <span class="text-fg">{{ detail.value }}</span></span
                  >
                }
              </td>
            </tr>
          }
        </tbody>
      </table>
    </div>
  </ui-list>`,
})
export class Audit {
  readonly action = input<string>();
  /** `user:<id>`, `key:<id>` or `server`. */
  readonly actor = input<string>();
  /** `project:<id>`, `key:<id>`, … */
  readonly target = input<string>();
  /** Instants, ISO 8601. */
  readonly from = input<string>();
  readonly to = input<string>();
  protected readonly filter = computed(() => ({
    action: this.action(),
    actor: this.actor(),
    target: this.target(),
    from: this.from(),
    to: this.to(),
  }));
  protected readonly list = pagedList(
    '/v1/audit',
    (page) => ({ query: { ...this.filter(), ...page } }),
    // Whatever changes leaves a trace here; usage alone does not.
    { topics: TOPICS.filter((topic) => topic !== 'usage' && topic !== 'leases') },
  );
  protected readonly events = computed(() => this.list.value()?.items ?? []);
  protected readonly rows = computed(() =>
    this.events().map((event) => ({
      event,
      action: parts(event.action),
      who: named(event.actor, event.actorName),
      what: named(event.target, event.targetName),
      details: auditDetails(event.details),
    })),
  );
}
