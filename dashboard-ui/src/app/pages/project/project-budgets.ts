import { Component, computed, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../../api/client';
import { Session } from '../../session/session';
import { UiButton, UiEmpty, UiIcon, UiLoadState, UiSection } from '../../ui';
import { BudgetActions } from '../budgets/budget-actions';
import { BudgetTable } from '../budgets/budget-table';
import { inOrder } from '../budgets/budget-view';
import { ProjectRefills } from './project-refills';
import { ProjectStore } from './project-store';

const MOST_KEYS = 200;

/** What limits the project beside its balance, and what fills that by itself. */
@Component({
  selector: 'app-project-budgets',
  imports: [
    BudgetTable,
    ProjectRefills,
    RouterLink,
    UiButton,
    UiEmpty,
    UiIcon,
    UiLoadState,
    UiSection,
  ],
  template: `<div class="grid grid-cols-[minmax(0,1fr)] gap-4">
    <ui-section heading="Budgets that apply" [note]="note()">
      <ng-container sectionActions>
        <a class="link text-xs text-muted" routerLink="/budgets">All budgets</a>
        @if (session.can('money:write')) {
          <button uiButton type="button" variant="primary" (click)="create()">
            <ui-icon name="plus" />Create budget
          </button>
        }
      </ng-container>
      <ui-load-state [of]="list" what="budgets" [rows]="2" />
      @if (list.value()) {
        @if (rows().length > 0) {
          <app-budget-table
            [budgets]="rows()"
            [projectOfKey]="projectOfKey()"
            (changed)="list.reload()"
          />
          <p class="border-t px-3 py-2 text-xs text-muted sm:px-4">
            A budget of the member who made a key applies to that key too.
          </p>
        } @else {
          <ui-empty
            icon="chart-pie"
            heading="Only the balance limits this project"
            text="A budget limits how much of the balance may go in a day, a week or a month, so that one bad night cannot use all of it."
          />
        }
      }
    </ui-section>
    <app-project-refills />
  </div>`,
})
export class ProjectBudgets {
  protected readonly session = inject(Session);
  private readonly store = inject(ProjectStore);
  private readonly actions = inject(BudgetActions);
  private readonly api = inject(Api);
  protected readonly list = this.api.get('/v1/budgets', () => ({}), ['budgets', 'leases']);
  private readonly keys = this.api.get(
    '/v1/keys',
    () => ({ query: { projectId: this.store.id(), limit: MOST_KEYS } }),
    ['keys'],
  );
  protected readonly projectOfKey = computed(
    () => new Map((this.keys.value()?.items ?? []).map(({ id, projectId }) => [id, projectId])),
  );
  protected readonly rows = computed(() =>
    inOrder(this.list.value()?.items ?? []).filter(({ scope, scopeId }) => {
      if (scope === 'project') return scopeId === this.store.id();
      return scope === 'organization' || (scope === 'key' && this.projectOfKey().has(scopeId));
    }),
  );
  protected readonly note = computed(
    () => `windows follow ${this.session.organization()?.timeZone ?? 'UTC'}`,
  );

  protected async create(): Promise<void> {
    const projectId = this.store.id();
    if (await this.actions.create(projectId === undefined ? {} : { projectId })) this.list.reload();
  }
}
