import { Component, inject, input, output } from '@angular/core';
import { Api, type Schemas } from '../../api/client';
import { Notices } from '../../core/notices';
import { Session } from '../../session/session';
import { Dialogs, UiButton, UiTableScroll, UiTime } from '../../ui';
import { ConfirmDialog, type ConfirmData } from '../../ui/confirm-dialog';
import { RotateSecretDialog } from './rotate-secret-dialog';

type Secret = Schemas['Secret'];

@Component({
  selector: 'app-secret-table',
  imports: [UiButton, UiTableScroll, UiTime],
  template: `<div uiTableScroll="Provider secrets, table">
    <table class="table min-w-[820px]">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Provider</th>
          <th scope="col">Given to</th>
          <th scope="col">Values</th>
          <th scope="col">Hosts</th>
          <th scope="col">Version</th>
          <th scope="col"><span class="sr-only">Actions</span></th>
        </tr>
      </thead>
      <tbody>
        @for (secret of secrets(); track secret.id) {
          <tr>
            <td class="max-w-44 truncate font-medium">{{ secret.name }}</td>
            <td class="whitespace-nowrap">{{ secret.provider }}</td>
            <td class="max-w-40 truncate text-muted">
              {{
                secret.projectId === null
                  ? 'Every project'
                  : (projectNames().get(secret.projectId) ?? 'One project')
              }}
            </td>
            <td>
              @for (field of secret.fields; track field.name) {
                <div class="font-mono text-xs whitespace-nowrap">
                  {{ field.name }} <span class="text-muted">••••{{ field.last4 }}</span>
                </div>
              }
            </td>
            <td class="text-xs text-muted">
              @for (host of secret.hosts; track host) {
                <div class="max-w-44 truncate" [attr.title]="host">{{ host }}</div>
              }
            </td>
            <td class="text-muted">
              {{ secret.version }}
              <div class="text-xs"><ui-time as="day" [at]="secret.updatedAt" /></div>
            </td>
            <td>
              @if (session.can('secret:write')) {
                <div class="flex justify-end gap-2">
                  <button
                    uiButton
                    type="button"
                    size="sm"
                    [attr.aria-label]="'Rotate ' + secret.name"
                    (click)="rotate(secret)"
                  >
                    Rotate
                  </button>
                  <button
                    uiButton
                    type="button"
                    size="sm"
                    [attr.aria-label]="'Delete ' + secret.name"
                    (click)="remove(secret)"
                  >
                    Delete
                  </button>
                </div>
              }
            </td>
          </tr>
        }
      </tbody>
    </table>
  </div>`,
})
export class SecretTable {
  readonly secrets = input.required<readonly Secret[]>();
  readonly projectNames = input<ReadonlyMap<string, string>>(new Map());
  readonly changed = output();
  protected readonly session = inject(Session);
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);

  protected async rotate(secret: Secret): Promise<void> {
    const next = await this.dialogs.open<Secret, Secret>(RotateSecretDialog, secret);
    if (!next) return;
    this.notices.done(`${next.name} is now at version ${next.version}.`);
    this.changed.emit();
  }

  protected async remove(secret: Secret): Promise<void> {
    const done = await this.dialogs.open<boolean, ConfirmData>(ConfirmDialog, {
      title: `Delete ${secret.name}?`,
      text: 'All its versions are destroyed. Agents that start from now on do not get it; those that run keep their copy until they end. This cannot be undone.',
      action: 'Delete secret',
      danger: true,
      run: () =>
        this.api.send('delete', '/v1/secrets/{secretId}', { path: { secretId: secret.id } }),
    });
    if (done !== true) return;
    this.notices.done(`${secret.name} is deleted.`);
    this.changed.emit();
  }
}
