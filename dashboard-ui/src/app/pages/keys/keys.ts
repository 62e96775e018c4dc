import { Component, computed, effect, inject, input, untracked } from '@angular/core';
import { Api } from '../../api/client';
import { AddressQuery } from '../../core/address-query';
import { Pager } from '../../core/pager';
import { Session } from '../../session/session';
import { Dialogs, UiButton, UiEmpty, UiIcon, UiLoadState, UiPager, UiSection } from '../../ui';
import { ProjectSelect } from '../projects/project-select';
import { CreateKeyDialog, type CreateKeyData } from './create-key-dialog';
import { KeyTable } from './key-table';

const PAGE_SIZE = 50;

@Component({
  selector: 'app-keys',
  imports: [KeyTable, ProjectSelect, UiButton, UiEmpty, UiIcon, UiLoadState, UiPager, UiSection],
  template: `<ui-section heading="Iron Cage keys" [level]="1">
    <ng-container sectionActions>
      <app-project-select
        class="w-52"
        label="Project"
        none="All projects"
        [value]="project() ?? ''"
        (valueChange)="address.set({ project: $event })"
      />
      @if (session.can('key:write')) {
        <button uiButton type="button" variant="primary" (click)="create()">
          <ui-icon name="plus" />Create key
        </button>
      }
    </ng-container>
    <ui-load-state [of]="list" what="keys" />
    @if (list.value() && rows().length === 0) {
      <ui-empty
        icon="key-round"
        heading="No key yet"
        text="An agent holds an Iron Cage key instead of a provider key. The key lets it borrow from one project and nothing else, and you can revoke it at any time."
      >
        @if (session.can('key:write')) {
          <button uiButton type="button" variant="primary" (click)="create()">
            Create the first key
          </button>
        }
      </ui-empty>
    } @else if (rows().length > 0) {
      <app-key-table [keys]="rows()" (changed)="list.reload()" />
      <ui-pager [pager]="pager" [nextCursor]="list.value()?.nextCursor" what="keys" />
    }
  </ui-section>`,
})
export class Keys {
  /** A project's id: only its keys. */
  readonly project = input<string>();
  protected readonly session = inject(Session);
  protected readonly address = inject(AddressQuery);
  protected readonly pager = new Pager();
  private readonly dialogs = inject(Dialogs);
  protected readonly list = inject(Api).get(
    '/v1/keys',
    () => ({
      query: { projectId: this.project(), cursor: this.pager.cursor(), limit: PAGE_SIZE },
    }),
    ['keys'],
  );
  protected readonly rows = computed(() => this.list.value()?.items ?? []);

  constructor() {
    effect(() => {
      this.project();
      untracked(() => this.pager.reset());
    });
  }

  protected async create(): Promise<void> {
    const projectId = this.project();
    const data: CreateKeyData = projectId ? { projectId } : {};
    if (await this.dialogs.open(CreateKeyDialog, data)) this.list.reload();
  }
}
