import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { Session } from '../../session/session';
import {
  dialogRef,
  UiBadge,
  UiButton,
  UiDialog,
  UiFailure,
  UiLoadState,
  UiRowAction,
  UiTableScroll,
  UiTime,
} from '../../ui';
import { liveText, versionState } from './secret-version-view';

type Version = Schemas['SecretVersion'];

/** What became of a secret: hands out an earlier version again, or destroys one. Closes with nothing. */
@Component({
  selector: 'app-secret-versions-dialog',
  imports: [
    UiBadge,
    UiButton,
    UiDialog,
    UiFailure,
    UiLoadState,
    UiRowAction,
    UiTableScroll,
    UiTime,
  ],
  template: `<ui-dialog
    [heading]="'Versions of ' + secret.name"
    text="An earlier version is safe to delete when no running agent holds it any more."
  >
    <ui-failure class="mt-4" [text]="failed()" />
    <ui-load-state [of]="list" what="versions" [rows]="2" />
    <div uiTableScroll="Versions, table" class="mt-4">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">State</th>
            <th scope="col"><span class="sr-only">Actions</span></th>
          </tr>
        </thead>
        <tbody>
          @for (row of rows(); track row.version) {
            <tr>
              <td>
                {{ row.version }}
                <div class="text-xs text-muted">
                  <ui-time as="day" [at]="row.createdAt" />
                  {{ row.createdByName ?? '' }}
                </div>
              </td>
              <td>
                <ui-badge [tone]="stateOf(row).tone">{{ stateOf(row).text }}</ui-badge>
                <div class="text-xs text-muted">{{ heldBy(row) }}</div>
              </td>
              <td>
                @if (row.state === 'earlier' && session.can('secret:write')) {
                  <div class="flex justify-end gap-2">
                    <button
                      [disabled]="busy()"
                      [uiRowAction]="'Roll back to version ' + row.version"
                      (click)="rollBack(row)"
                    >
                      Roll back
                    </button>
                    <button
                      [variant]="asked() === row.version ? 'danger' : 'outline'"
                      [disabled]="busy() || !row.safeToDelete"
                      [uiRowAction]="destroyLabel(row)"
                      (click)="destroy(row)"
                    >
                      {{ asked() === row.version ? 'For good?' : 'Destroy' }}
                    </button>
                  </div>
                }
              </td>
            </tr>
          }
        </tbody>
      </table>
    </div>
    <ng-container dialogActions>
      <button uiButton type="button" (click)="ref.close()">Close</button>
    </ng-container>
  </ui-dialog>`,
})
export class SecretVersionsDialog {
  protected readonly secret = inject<Schemas['Secret']>(DIALOG_DATA);
  protected readonly ref = dialogRef<undefined>();
  protected readonly session = inject(Session);
  protected readonly failed = signal('');
  protected readonly busy = signal(false);
  /** The version that was asked to be destroyed once; the second time it is. */
  protected readonly asked = signal(0);
  private readonly api = inject(Api);
  protected readonly list = this.api.get(
    '/v1/secrets/{secretId}/versions',
    () => ({ path: { secretId: this.secret.id } }),
    ['secrets'],
  );
  protected readonly rows = computed(() => this.list.value()?.items ?? []);
  protected readonly stateOf = versionState;
  protected readonly heldBy = liveText;

  protected destroyLabel({ version }: Version): string {
    return this.asked() === version
      ? `For good? Destroy version ${version}`
      : `Destroy version ${version}`;
  }

  protected async rollBack({ version }: Version): Promise<void> {
    await this.run(() =>
      this.api.send('post', '/v1/secrets/{secretId}/rollback', {
        path: { secretId: this.secret.id },
        body: { version },
      }),
    );
  }

  protected async destroy({ version }: Version): Promise<void> {
    if (this.asked() !== version) {
      this.asked.set(version);
      return;
    }
    await this.run(() =>
      this.api.send('delete', '/v1/secrets/{secretId}/versions/{number}', {
        path: { secretId: this.secret.id, number: version },
      }),
    );
  }

  private async run(work: () => Promise<unknown>): Promise<void> {
    this.failed.set('');
    this.busy.set(true);
    try {
      await work();
      this.asked.set(0);
      this.list.reload();
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    } finally {
      this.busy.set(false);
    }
  }
}
