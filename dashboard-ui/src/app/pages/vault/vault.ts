import { Component, computed, inject } from '@angular/core';
import { Api } from '../../api/client';
import { Session } from '../../session/session';
import { Dialogs, UiButton, UiEmpty, UiIcon, UiLoadState, UiSection } from '../../ui';
import { CreateSecretDialog, type CreateSecretData } from './create-secret-dialog';
import { SecretTable } from './secret-table';
import { VaultKeys } from './vault-keys';

@Component({
  selector: 'app-vault',
  imports: [SecretTable, VaultKeys, UiButton, UiEmpty, UiIcon, UiLoadState, UiSection],
  template: `<div class="grid grid-cols-1 gap-4">
    <ui-section heading="Provider secrets" [level]="1">
      <ng-container sectionActions>
        @if (session.can('secret:write')) {
          <button uiButton type="button" variant="primary" (click)="create()">
            <ui-icon name="plus" />Add provider key
          </button>
        }
      </ng-container>
      <ui-load-state [of]="list" what="secrets" />
      @if (list.value() && rows().length === 0) {
        <ui-empty
          icon="lock"
          heading="The vault is empty"
          text="Put the keys of your providers here once. They are encrypted, handed only to agents that may use them, and never shown again."
        >
          @if (session.can('secret:write')) {
            <button uiButton type="button" variant="primary" (click)="create()">
              Add the first provider key
            </button>
          }
        </ui-empty>
      } @else if (rows().length > 0) {
        <app-secret-table
          [secrets]="rows()"
          [projectNames]="projectNames()"
          (changed)="list.reload()"
        />
      }
    </ui-section>
    <app-vault-keys (changed)="list.reload()" />
  </div>`,
})
export class Vault {
  protected readonly session = inject(Session);
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  protected readonly list = this.api.get('/v1/secrets', () => ({}), ['secrets']);
  private readonly projects = this.api.get('/v1/projects', () => ({ query: { limit: 200 } }));
  protected readonly rows = computed(() => this.list.value()?.items ?? []);
  protected readonly projectNames = computed(
    () => new Map((this.projects.value()?.items ?? []).map(({ id, name }) => [id, name])),
  );

  protected async create(): Promise<void> {
    const data: CreateSecretData = {};
    if (await this.dialogs.open(CreateSecretDialog, data)) this.list.reload();
  }
}
