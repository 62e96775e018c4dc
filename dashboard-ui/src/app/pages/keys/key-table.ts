import { Component, computed, inject, input, output } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api, type Schemas } from '../../api/client';
import { Notices } from '../../core/notices';
import { Now } from '../../core/now';
import { Session } from '../../session/session';
import {
  Dialogs,
  type Tone,
  UiBadge,
  UiRowAction,
  UiRowActions,
  UiTableScroll,
  UiTime,
} from '../../ui';
import { ConfirmDialog, type ConfirmData } from '../../ui/confirm-dialog';
import { narrowed, oddityOf, usedFrom } from './key-view';
import { RotateKeyDialog } from './rotate-key-dialog';

type Key = Schemas['Key'];
const TONE: Record<Key['state'], Tone> = {
  active: 'ok',
  blocked: 'bad',
  revoked: 'neutral',
  expired: 'neutral',
};
const LABEL: Record<Key['state'], string> = {
  active: 'Active',
  blocked: 'Blocked',
  revoked: 'Revoked',
  expired: 'Expired',
};
@Component({
  selector: 'app-key-table',
  imports: [RouterLink, UiBadge, UiRowAction, UiRowActions, UiTableScroll, UiTime],
  template: `<div uiTableScroll="Keys, table">
    <table class="table sm:min-w-[700px] xl:min-w-[820px]">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="max-xl:hidden">Key</th>
          @if (withProject()) {
            <th scope="col" class="max-sm:hidden">Project</th>
          }
          <th scope="col">State</th>
          <th scope="col" class="max-sm:hidden">Last used</th>
          <th scope="col" class="max-sm:hidden">Expires</th>
          <th scope="col" class="row-end"><span class="sr-only">Actions</span></th>
        </tr>
      </thead>
      <tbody>
        @for (row of rows(); track row.key.id) {
          <tr [class.text-muted]="row.isOver">
            <td class="max-w-36 sm:max-w-60">
              <div
                class="font-medium wrap-break-word max-sm:line-clamp-2 sm:truncate"
                [attr.title]="row.key.name"
              >
                {{ row.key.name }}
              </div>
              <div class="xl:hidden">
                <code class="font-mono text-xs text-muted">{{ row.key.prefix }}…</code>
                @if (withProject()) {
                  <div class="truncate text-xs text-muted sm:hidden">{{ row.key.projectName }}</div>
                }
              </div>
              @if (row.limits) {
                <div class="line-clamp-2 text-xs text-muted" [attr.title]="row.limits">
                  {{ row.limits }}
                </div>
              }
            </td>
            <td class="max-xl:hidden">
              <code class="font-mono text-xs whitespace-nowrap">{{ row.key.prefix }}…</code>
            </td>
            @if (withProject()) {
              <td class="max-w-44 max-sm:hidden">
                <a class="link block truncate" [routerLink]="['/projects', row.key.projectId]">{{
                  row.key.projectName
                }}</a>
              </td>
            }
            <td>
              <ui-badge [tone]="row.oddity ? 'warn' : tone[row.key.state]">{{
                row.oddity ?? label[row.key.state]
              }}</ui-badge>
            </td>
            <td class="text-muted max-sm:hidden">
              @if (row.key.lastUsedAt; as at) {
                <ui-time as="ago" [at]="at" />
                @if (row.from) {
                  <span class="block text-xs whitespace-nowrap" [title]="row.all"
                    >from {{ row.from }}</span
                  >
                }
              } @else {
                never
              }
            </td>
            <td class="text-muted max-sm:hidden">
              <ui-time as="day" [at]="row.key.expiresAt" />
              <div class="text-xs whitespace-nowrap">
                made <ui-time as="day" [at]="row.key.createdAt" />
              </div>
            </td>
            <td class="row-end w-px">
              @if (!row.isOver && session.can('key:write')) {
                <div uiRowActions>
                  <button [uiRowAction]="'Rotate ' + row.key.name" (click)="rotate(row.key)">
                    Rotate
                  </button>
                  <button [uiRowAction]="'Revoke ' + row.key.name" (click)="revoke(row.key)">
                    Revoke
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
export class KeyTable {
  readonly keys = input.required<readonly Key[]>();
  readonly withProject = input(true);
  readonly changed = output();
  protected readonly session = inject(Session);
  protected readonly tone = TONE;
  protected readonly label = LABEL;
  private readonly now = inject(Now);
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);
  protected readonly rows = computed(() =>
    this.keys().map((key) => ({
      key,
      oddity: oddityOf(key, this.now.ms()),
      ...usedFrom(key),
      limits: narrowed(key, this.now.ms()),
      isOver: key.state === 'revoked' || key.state === 'expired',
    })),
  );

  protected async rotate(key: Key): Promise<void> {
    if ((await this.dialogs.open(RotateKeyDialog, key)) === undefined) return;
    this.notices.done(`${key.name} has a new secret.`);
    this.changed.emit();
  }

  protected async revoke(key: Key): Promise<void> {
    const done = await this.dialogs.open<boolean, ConfirmData>(ConfirmDialog, {
      title: `Revoke ${key.name}?`,
      text: 'Agents that hold it stop within two seconds, and it never works again. This cannot be undone.',
      action: 'Revoke key',
      danger: true,
      run: () => this.api.send('delete', '/v1/keys/{keyId}', { path: { keyId: key.id } }),
    });
    if (done !== true) return;
    this.notices.done(`${key.name} is revoked.`);
    this.changed.emit();
  }
}
