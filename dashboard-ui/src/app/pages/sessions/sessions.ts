import { Component, computed, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { pagedList } from '../../api/paged-list';
import { UiButton, UiEmpty, UiList } from '../../ui';
import { OpenFilter } from '../leases/open-filter';
import { AnomalyList } from './anomaly-list';
import { SessionTable } from './session-table';

@Component({
  selector: 'app-sessions',
  imports: [AnomalyList, OpenFilter, RouterLink, SessionTable, UiButton, UiEmpty, UiList],
  template: `<app-anomaly-list [project]="project()" [onlyOpen]="onlyOpen()" />
    <ui-list heading="Agents" what="agents" [level]="1" [of]="list">
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
      >
        <a uiButton routerLink="/start">Run an agent</a>
        @if (onlyOpen()) {
          <a uiButton routerLink="." [queryParams]="{ state: 'all' }" queryParamsHandling="merge"
            >Show those that ended</a
          >
        }
      </ui-empty>
      <app-session-table [sessions]="list.value()?.items ?? []" (changed)="list.reload()" />
    </ui-list>`,
})
export class Sessions {
  /** A project's id: only its agents. */
  readonly project = input<string>();
  /** `all`: also those that have ended. */
  readonly state = input<string>();
  protected readonly onlyOpen = computed(() => this.state() !== 'all');
  protected readonly list = pagedList(
    '/v1/sessions',
    (page) => ({
      query: {
        projectId: this.project(),
        open: this.onlyOpen() ? 'true' : undefined,
        ...page,
      },
    }),
    { topics: ['projects', 'leases'] },
  );
}
