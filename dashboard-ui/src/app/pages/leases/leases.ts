import { Component, computed, effect, inject, input, untracked } from '@angular/core';
import { Api } from '../../api/client';
import { AddressQuery } from '../../core/address-query';
import { Pager } from '../../core/pager';
import { UiEmpty, UiInput, UiLoadState, UiPager, UiSection } from '../../ui';
import { ProjectSelect } from '../projects/project-select';
import { LeaseTable } from './lease-table';

const PAGE_SIZE = 50;

@Component({
  selector: 'app-leases',
  imports: [LeaseTable, ProjectSelect, UiEmpty, UiInput, UiLoadState, UiPager, UiSection],
  template: `<ui-section heading="Leases" [level]="1">
    <ng-container sectionActions>
      <app-project-select
        class="w-52"
        label="Project"
        none="All projects"
        [value]="project() ?? ''"
        (valueChange)="address.set({ project: $event })"
      />
      <select uiInput class="w-32!" aria-label="State" (change)="choose($event)">
        <option value="" [selected]="onlyOpen()">Open</option>
        <option value="all" [selected]="!onlyOpen()">Open and ended</option>
      </select>
    </ng-container>
    <ui-load-state [of]="list" what="leases" />
    @if (list.value() && rows().length === 0) {
      @if (onlyOpen()) {
        <ui-empty
          icon="hand-coins"
          heading="No money is leased now"
          text="A running agent borrows a small amount in advance, reports what it used, and gives the rest back. Each loan shows up here while it is open."
        />
      } @else {
        <ui-empty
          icon="hand-coins"
          heading="Nothing was leased yet"
          text="Start an agent with an Iron Cage key; its first lease shows up here."
        />
      }
    } @else if (rows().length > 0) {
      <app-lease-table [leases]="rows()" (changed)="list.reload()" />
      <ui-pager [pager]="pager" [nextCursor]="list.value()?.nextCursor" what="leases" />
    }
  </ui-section>`,
})
export class Leases {
  /** A project's id: only its leases. */
  readonly project = input<string>();
  /** `all`: also those that have ended. */
  readonly state = input<string>();
  protected readonly address = inject(AddressQuery);
  protected readonly pager = new Pager();
  protected readonly onlyOpen = computed(() => this.state() !== 'all');
  protected readonly list = inject(Api).get(
    '/v1/leases',
    () => ({
      query: {
        projectId: this.project(),
        open: this.onlyOpen() ? 'true' : undefined,
        cursor: this.pager.cursor(),
        limit: PAGE_SIZE,
      },
    }),
    ['leases'],
  );
  protected readonly rows = computed(() => this.list.value()?.items ?? []);

  constructor() {
    effect(() => {
      this.project();
      this.state();
      untracked(() => this.pager.reset());
    });
  }

  protected choose(event: Event): void {
    this.address.set({ state: (event.target as HTMLSelectElement).value });
  }
}
