import { Component, inject } from '@angular/core';
import { pagedList } from '../../api/paged-list';
import { Session } from '../../session/session';
import { Dialogs, UiButton, UiEmpty, UiIcon, UiList } from '../../ui';
import { CreateKeyDialog, type CreateKeyData } from '../keys/create-key-dialog';
import { KeyTable } from '../keys/key-table';
import { ProjectStore } from './project-store';

const PAGE_SIZE = 20;

@Component({
  selector: 'app-project-keys',
  imports: [KeyTable, UiButton, UiEmpty, UiIcon, UiList],
  template: `<ui-list heading="Keys of this project" what="keys" [of]="list">
    <ng-container listActions>
      @if (session.can('key:write')) {
        <button uiButton type="button" variant="primary" (click)="create()">
          <ui-icon name="plus" />Create key
        </button>
      }
    </ng-container>
    <ui-empty
      icon="key-round"
      heading="No key yet"
      text="Create one for each agent or developer, so that you can revoke it alone."
    />
    <app-key-table
      [keys]="list.value()?.items ?? []"
      [withProject]="false"
      (changed)="list.reload()"
    />
  </ui-list>`,
})
export class ProjectKeys {
  protected readonly session = inject(Session);
  private readonly store = inject(ProjectStore);
  private readonly dialogs = inject(Dialogs);
  protected readonly list = pagedList(
    '/v1/keys',
    (page) => ({ query: { projectId: this.store.id(), ...page } }),
    { topics: ['keys'], pageSize: PAGE_SIZE },
  );

  protected async create(): Promise<void> {
    const projectId = this.store.id();
    const data: CreateKeyData = projectId === undefined ? {} : { projectId };
    if (await this.dialogs.open(CreateKeyDialog, data)) this.list.reload();
  }
}
