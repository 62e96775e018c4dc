import { Component, inject, input } from '@angular/core';
import { pagedList } from '../../api/paged-list';
import { AddressQuery } from '../../core/address-query';
import { Session } from '../../session/session';
import { Dialogs, UiButton, UiEmpty, UiIcon, UiList } from '../../ui';
import { ProjectSelect } from '../projects/project-select';
import { CreateKeyDialog, type CreateKeyData } from './create-key-dialog';
import { KeyTable } from './key-table';

@Component({
  selector: 'app-keys',
  imports: [KeyTable, ProjectSelect, UiButton, UiEmpty, UiIcon, UiList],
  template: `<ui-list heading="Iron Cage keys" what="keys" [level]="1" [of]="list">
    <ng-container listActions>
      <app-project-select
        class="max-sm:flex-1 sm:w-52"
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
    <app-key-table [keys]="list.value()?.items ?? []" (changed)="list.reload()" />
  </ui-list>`,
})
export class Keys {
  /** A project's id: only its keys. */
  readonly project = input<string>();
  protected readonly session = inject(Session);
  protected readonly address = inject(AddressQuery);
  private readonly dialogs = inject(Dialogs);
  protected readonly list = pagedList(
    '/v1/keys',
    (page) => ({ query: { projectId: this.project(), ...page } }),
    { topics: ['keys'] },
  );

  protected async create(): Promise<void> {
    const projectId = this.project();
    const data: CreateKeyData = projectId ? { projectId } : {};
    if (await this.dialogs.open(CreateKeyDialog, data)) this.list.reload();
  }
}
