import { Component, computed, inject, input } from '@angular/core';
import { Api } from '../../api/client';
import { pagerOf } from '../../core/pager';
import { UiEmpty, UiList } from '../../ui';
import { OpenFilter } from '../leases/open-filter';
import { AnomalyList } from './anomaly-list';
import { SessionTable } from './session-table';

const PAGE_SIZE = 50;

@Component({
  selector: 'app-sessions',
  imports: [AnomalyList, OpenFilter, SessionTable, UiEmpty, UiList],
  template: `<app-anomaly-list [project]="project()" [onlyOpen]="onlyOpen()" />
    <ui-list heading="Agents" what="agents" [level]="1" [of]="list" [pager]="pager">
      <app-open-filter
        listActions
        openLabel="Running"
        [project]="project()"
        [onlyOpen]="onlyOpen()"
      />
      <ui-empty
        icon="bot"
        [heading]="onlyOpen() ? 'No agent runs now' : 'No agent has run yet'"
        text="Each process that starts with an Iron Cage key shows up here, with where it runs and what it holds."
      />
      <app-session-table [sessions]="list.value()?.items ?? []" (changed)="list.reload()" />
    </ui-list>`,
})
export class Sessions {
  /** A project's id: only its agents. */
  readonly project = input<string>();
  /** `all`: also those that have ended. */
  readonly state = input<string>();
  protected readonly onlyOpen = computed(() => this.state() !== 'all');
  protected readonly pager = pagerOf(() => [this.project(), this.state()]);
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
}
