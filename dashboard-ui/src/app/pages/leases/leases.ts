import { Component, computed, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { pagedList } from '../../api/paged-list';
import { UiButton, UiEmpty, UiList } from '../../ui';
import { LeaseTable } from './lease-table';
import { OpenFilter } from './open-filter';

@Component({
  selector: 'app-leases',
  imports: [LeaseTable, OpenFilter, RouterLink, UiButton, UiEmpty, UiList],
  template: `<ui-list heading="Leases" what="leases" [level]="1" [of]="list">
    <app-open-filter listActions openLabel="Open" [project]="project()" [onlyOpen]="onlyOpen()" />
    <ui-empty
      icon="hand-coins"
      [heading]="onlyOpen() ? 'No money is leased now' : 'Nothing was leased yet'"
      [text]="
        onlyOpen()
          ? 'A running agent borrows a small amount in advance, reports what it used, and gives the rest back. Each loan shows up here while it is open.'
          : 'Start an agent with an Iron Cage key; its first lease shows up here.'
      "
    >
      <a uiButton routerLink="/start">Run an agent</a>
      @if (onlyOpen()) {
        <a uiButton routerLink="." [queryParams]="{ state: 'all' }" queryParamsHandling="merge"
          >Show those that ended</a
        >
      }
    </ui-empty>
    <app-lease-table [leases]="list.value()?.items ?? []" (changed)="list.reload()" />
  </ui-list>`,
})
export class Leases {
  /** A project's id: only its leases. */
  readonly project = input<string>();
  /** `all`: also those that have ended. */
  readonly state = input<string>();
  protected readonly onlyOpen = computed(() => this.state() !== 'all');
  protected readonly list = pagedList(
    '/v1/leases',
    (page) => ({
      query: {
        projectId: this.project(),
        open: this.onlyOpen() ? 'true' : undefined,
        ...page,
      },
    }),
    { topics: ['leases'] },
  );
}
