import { Component, computed, effect, inject, input, untracked } from '@angular/core';
import { Api } from '../../api/client';
import { AddressQuery } from '../../core/address-query';
import { Pager } from '../../core/pager';
import { UiEmpty, UiInput, UiLoadState, UiPager, UiSection } from '../../ui';
import { ProjectSelect } from '../projects/project-select';
import { AnomalyList } from './anomaly-list';
import { SessionTable } from './session-table';

const PAGE_SIZE = 50;

@Component({
  selector: 'app-sessions',
  imports: [
    AnomalyList,
    ProjectSelect,
    SessionTable,
    UiEmpty,
    UiInput,
    UiLoadState,
    UiPager,
    UiSection,
  ],
  template: `<app-anomaly-list [project]="project()" [onlyOpen]="onlyOpen()" />
    <ui-section heading="Agents" [level]="1">
      <ng-container sectionActions>
        <app-project-select
          class="w-52"
          label="Project"
          none="All projects"
          [value]="project() ?? ''"
          (valueChange)="address.set({ project: $event })"
        />
        <select uiInput class="w-36!" aria-label="State" (change)="choose($event)">
          <option value="" [selected]="onlyOpen()">Running</option>
          <option value="all" [selected]="!onlyOpen()">Also ended</option>
        </select>
      </ng-container>
      <ui-load-state [of]="list" what="agents" />
      @if (list.value() && rows().length === 0) {
        <ui-empty
          icon="bot"
          [heading]="onlyOpen() ? 'No agent runs now' : 'No agent has run yet'"
          text="Each process that starts with an Iron Cage key shows up here, with where it runs and what it holds."
        />
      } @else if (rows().length > 0) {
        <app-session-table [sessions]="rows()" (changed)="list.reload()" />
        <ui-pager [pager]="pager" [nextCursor]="list.value()?.nextCursor" what="agents" />
      }
    </ui-section>`,
})
export class Sessions {
  /** A project's id: only its agents. */
  readonly project = input<string>();
  /** `all`: also those that have ended. */
  readonly state = input<string>();
  protected readonly address = inject(AddressQuery);
  protected readonly pager = new Pager();
  protected readonly onlyOpen = computed(() => this.state() !== 'all');
  protected readonly list = inject(Api).get(
    '/v1/sessions',
    () => ({
      query: {
        projectId: this.project(),
        open: this.onlyOpen() ? 'true' : undefined,
        cursor: this.pager.cursor(),
        limit: PAGE_SIZE,
      },
    }),
    ['projects', 'leases'],
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
