import { Component, inject, input, output } from '@angular/core';
import { Api, type Schemas } from '../../api/client';
import { Notices } from '../../core/notices';
import { Session } from '../../session/session';
import { Dialogs, UiBadge, UiRowAction, UiRowActions, UiTableScroll, UiTime } from '../../ui';
import { ConfirmDialog, type ConfirmData } from '../../ui/confirm-dialog';
import { EditSecretDialog } from './edit-secret-dialog';
import { RotateSecretDialog } from './rotate-secret-dialog';
import { problemName, problemText } from './secret-problem';
import { SecretVersionsDialog } from './secret-versions-dialog';

type Secret = Schemas['Secret'];

@Component({
  selector: 'app-secret-table',
  imports: [UiBadge, UiRowAction, UiRowActions, UiTableScroll, UiTime],
  template: `<div uiTableScroll="Provider secrets, table">
    <!-- On a phone each row is a block; the roles say that it still is a table. -->
    <table role="table" class="table max-sm:block sm:min-w-[820px]">
      <thead role="rowgroup" class="max-sm:sr-only">
        <tr role="row">
          <th role="columnheader" scope="col">Name</th>
          <th role="columnheader" scope="col">Provider</th>
          <th role="columnheader" scope="col">Given to</th>
          <th role="columnheader" scope="col">Values</th>
          <th role="columnheader" scope="col">Hosts</th>
          <th role="columnheader" scope="col">Version</th>
          <th role="columnheader" scope="col" class="row-end">
            <span class="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup" class="max-sm:block">
        @for (secret of secrets(); track secret.id) {
          <tr
            role="row"
            class="max-sm:grid max-sm:grid-cols-[minmax(0,1fr)_auto] max-sm:gap-x-3 max-sm:px-3 max-sm:py-2.5 max-sm:[&>td]:block max-sm:[&>td]:p-0"
          >
            <td role="cell" class="font-medium sm:max-w-44">
              <div class="line-clamp-3 wrap-break-word" [attr.title]="secret.name">
                {{ secret.name }}
              </div>
              @if (secret.problem; as problem) {
                <ui-badge tone="bad">{{ problemName(problem.code) }}</ui-badge>
                <div class="text-xs font-normal text-muted">
                  Since <ui-time [at]="problem.since" />. {{ problemText(problem.code) }}
                </div>
              }
            </td>
            <td role="cell" class="whitespace-nowrap max-sm:text-muted">{{ secret.provider }}</td>
            <td role="cell" class="truncate text-muted sm:max-w-40">
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
            <td role="cell">
              @for (field of secret.fields; track field.name) {
                <div class="font-mono text-xs">
                  {{ field.name }}
                  <span class="block text-muted max-sm:inline-block">{{
                    field.reference ?? '••••' + field.last4
                  }}</span>
                </div>
              }
            </td>
            <td role="cell" class="text-xs text-muted">
              @for (host of secret.hosts; track host) {
                <div class="truncate sm:max-w-44" [attr.title]="host">{{ host }}</div>
              }
              @for (path of secret.paths; track path) {
                <div class="truncate font-mono sm:max-w-44" [attr.title]="path">{{ path }}</div>
              }
              @if (secret.header; as header) {
                <div class="truncate font-mono sm:max-w-44" [attr.title]="header.value">
                  {{ header.name }}: {{ header.value }}
                </div>
              }
              @if (!secret.metered) {
                <div>not metered</div>
              }
            </td>
            <td role="cell" class="text-muted max-sm:flex! max-sm:items-baseline max-sm:gap-2">
              <span class="text-xs sm:hidden">Version</span>
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
            <td role="cell" class="row-end max-sm:col-start-2 max-sm:row-span-6 max-sm:row-start-1">
              @if (session.can('secret:write')) {
                <div uiRowActions>
                  <button [uiRowAction]="'Edit ' + secret.name" (click)="edit(secret)">Edit</button>
                  <button [uiRowAction]="'Rotate ' + secret.name" (click)="rotate(secret)">
                    Rotate
                  </button>
                  <button [uiRowAction]="'Delete ' + secret.name" (click)="remove(secret)">
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
