import { Component, computed, inject } from '@angular/core';
import { Api } from '../../api/client';
import { Session } from '../../session/session';
import { Dialogs, UiButton, UiEmpty, UiIcon, UiLoadState, UiSection } from '../../ui';
import { CreateSecretDialog, type CreateSecretData } from '../vault/create-secret-dialog';
import { SecretTable } from '../vault/secret-table';
import { ProjectStore } from './project-store';

@Component({
  selector: 'app-project-secrets',
  imports: [SecretTable, UiButton, UiEmpty, UiIcon, UiLoadState, UiSection],
  template: `<ui-section heading="Secrets that this project gets">
    <ng-container sectionActions>
      @if (session.can('secret:write')) {
        <button uiButton type="button" variant="primary" (click)="create()">
          <ui-icon name="plus" />Add provider key
        </button>
      }
    </ng-container>
    <ui-load-state [of]="list" what="secrets" [rows]="3" />
    @if (list.value(); as answer) {
      @if (answer.items.length > 0) {
        <app-secret-table
          [secrets]="answer.items"
          [projectNames]="names()"
          (changed)="list.reload()"
        />
      } @else {
        <ui-empty
          icon="lock"
          heading="This project gets no provider key"
          text="Agents cannot start without one. Add a key for this project only, or one for every project in the vault."
        />
      }
    }
  </ui-section>`,
})
export class ProjectSecrets {
  protected readonly session = inject(Session);
  private readonly store = inject(ProjectStore);
  private readonly dialogs = inject(Dialogs);
  protected readonly list = inject(Api).get(
    '/v1/secrets',
    () => ({ query: { projectId: this.store.id() } }),
    ['secrets'],
  );
  protected readonly names = computed(() => {
    const id = this.store.id();
    return new Map(id === undefined ? [] : [[id, 'This project']]);
  });

  protected async create(): Promise<void> {
    const projectId = this.store.id();
    const data: CreateSecretData = projectId === undefined ? {} : { projectId };
    if (await this.dialogs.open(CreateSecretDialog, data)) this.list.reload();
  }
}
