import { Component, inject, input, output } from '@angular/core';
import { Api, type Schemas } from '../../api/client';
import { Notices } from '../../core/notices';
import { Session } from '../../session/session';
import { Dialogs, UiBadge, UiButton, UiTableScroll, UiTime } from '../../ui';
import { ConfirmDialog, type ConfirmData } from '../../ui/confirm-dialog';
import { EditSecretDialog } from './edit-secret-dialog';
import { RotateSecretDialog } from './rotate-secret-dialog';
import { problemName, problemText } from './secret-problem';
import { SecretVersionsDialog } from './secret-versions-dialog';

type Secret = Schemas['Secret'];

@Component({
  selector: 'app-secret-table',
  imports: [UiBadge, UiButton, UiTableScroll, UiTime],
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
            <td class="max-w-44 font-medium">
              <div class="truncate">{{ secret.name }}</div>
              @if (secret.problem; as problem) {
                <ui-badge tone="bad">{{ problemName(problem.code) }}</ui-badge>
                <div class="text-xs font-normal text-muted">
                  Since <ui-time [at]="problem.since" />. {{ problemText(problem.code) }}
                </div>
              }
            </td>
            <td class="whitespace-nowrap">{{ secret.provider }}</td>
            <td class="max-w-40 truncate text-muted">
              {{
                secret.projectId === null
                  ? 'Every project'
                  : (projectNames().get(secret.projectId) ?? 'One project')
              }}
              @if (secret.environment !== 'any') {
                <div>
                  <ui-badge [tone]="secret.environment === 'live' ? 'ok' : 'neutral'"
                    >{{ secret.environment }} keys</ui-badge
                  >
                </div>
              }
            </td>
            <td>
              @for (field of secret.fields; track field.name) {
                <div class="font-mono text-xs whitespace-nowrap">
                  {{ field.name }}
                  <span class="text-muted">{{ field.reference ?? '••••' + field.last4 }}</span>
                </div>
              }
            </td>
            <td class="text-xs text-muted">
              @for (host of secret.hosts; track host) {
                <div class="max-w-44 truncate" [attr.title]="host">{{ host }}</div>
              }
              @for (path of secret.paths; track path) {
                <div class="max-w-44 truncate font-mono" [attr.title]="path">{{ path }}</div>
              }
              @if (secret.header; as header) {
                <div class="max-w-44 truncate font-mono" [attr.title]="header.value">
                  {{ header.name }}: {{ header.value }}
                </div>
              }
              @if (!secret.metered) {
                <div>not metered</div>
              }
            </td>
            <td class="text-muted">
              <button
                type="button"
                class="underline underline-offset-2"
                [attr.aria-label]="
                  'Version ' + secret.version + ' of ' + secret.name + ', show all'
                "
                (click)="showVersions(secret)"
              >
                {{ secret.version }}
              </button>
              <div class="text-xs"><ui-time as="day" [at]="secret.updatedAt" /></div>
            </td>
            <td>
              @if (session.can('secret:write')) {
                <div class="flex justify-end gap-2">
                  <button
                    uiButton
                    type="button"
                    size="sm"
                    [attr.aria-label]="'Edit ' + secret.name"
                    (click)="edit(secret)"
                  >
                    Edit
                  </button>
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
  protected readonly problemName = problemName;
  protected readonly problemText = problemText;
  protected readonly session = inject(Session);
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);

  protected async showVersions(secret: Secret): Promise<void> {
    await this.dialogs.open<undefined, Secret>(SecretVersionsDialog, secret);
    this.changed.emit();
  }

  protected async edit(secret: Secret): Promise<void> {
    const next = await this.dialogs.open<Secret, Secret>(EditSecretDialog, secret);
    if (!next) return;
    this.notices.done(`${next.name} is changed.`);
    this.changed.emit();
  }

  protected async rotate(secret: Secret): Promise<void> {
    const next = await this.dialogs.open<Secret, Secret>(RotateSecretDialog, secret);
    if (!next) return;
    this.notices.done(`${next.name} is now at version ${next.version}.`);
    this.changed.emit();
  }

  protected async remove(secret: Secret): Promise<void> {
    const done = await this.dialogs.open<boolean, ConfirmData>(ConfirmDialog, {
      title: `Delete ${secret.name}?`,
      text: 'All its versions are destroyed. Running agents lose it within seconds. This cannot be undone.',
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
