import { Component, computed, inject, input, linkedSignal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../../api/client';
import { AddressQuery } from '../../core/address-query';
import { Session } from '../../session/session';
import { UiButton, UiCodeLine, UiEmpty, UiIcon, UiInput, UiLoadState, UiSection } from '../../ui';
import { BudgetActions } from './budget-actions';
import { BudgetTable } from './budget-table';
import { type Budget, inOrder, scopeLabel } from './budget-view';
import { OpenRequests } from './open-requests';

const MOST_ROWS = 100;
const MOST_KEYS = 200;

@Component({
  selector: 'app-budgets',
  imports: [
    BudgetTable,
    OpenRequests,
    RouterLink,
    UiButton,
    UiCodeLine,
    UiEmpty,
    UiIcon,
    UiInput,
    UiLoadState,
    UiSection,
  ],
  templateUrl: './budgets.html',
})
export class Budgets {
  /** Only budgets of this kind. */
  readonly scope = input<string>();
  protected readonly session = inject(Session);
  protected readonly address = inject(AddressQuery);
  protected readonly actions = inject(BudgetActions);
  protected readonly scopes = Object.entries(scopeLabel).map(([value, label]) => ({
    value,
    label,
  }));
  private readonly api = inject(Api);
  private readonly chosen = computed(() => {
    const scope = this.scope();
    return isScope(scope) ? scope : undefined;
  });
  protected readonly list = this.api.get('/v1/budgets', () => ({}), ['budgets', 'leases']);
  private readonly all = computed(() => inOrder(this.list.value()?.items ?? []));
  protected readonly none = computed(() => this.all().length === 0);
  protected readonly matching = computed(() => {
    const scope = this.chosen();
    return scope === undefined ? this.all() : this.all().filter((one) => one.scope === scope);
  });
  protected readonly shown = linkedSignal({
    source: this.chosen,
    computation: () => MOST_ROWS,
  });
  protected readonly rows = computed(() => this.matching().slice(0, this.shown()));
  protected readonly note = computed(
    () => `windows follow ${this.session.organization()?.timeZone ?? 'UTC'}`,
  );
  private readonly ofKeys = computed(() => this.all().some(({ scope }) => scope === 'key'));
  private readonly keys = this.api.get(
    '/v1/keys',
    () => (this.ofKeys() ? { query: { limit: MOST_KEYS } } : undefined),
    ['keys'],
  );
  protected readonly projectOfKey = computed(
    () => new Map((this.keys.value()?.items ?? []).map(({ id, projectId }) => [id, projectId])),
  );

  protected async create(): Promise<void> {
    if (await this.actions.create()) this.list.reload();
  }

  protected choose(event: Event): void {
    this.address.set({ scope: (event.target as HTMLSelectElement).value });
  }

  protected more(): void {
    this.shown.update((count) => count + MOST_ROWS);
  }
}

function isScope(text: string | undefined): text is Budget['scope'] {
  return text !== undefined && text in scopeLabel;
}
