import { Component, computed, inject, input, output } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api, type Schemas } from '../../api/client';
import { exactUsd, nano, percent } from '../../core/money';
import { Notices } from '../../core/notices';
import { Now } from '../../core/now';
import { countdown, dateTime } from '../../core/time';
import { Session } from '../../session/session';
import { Dialogs, UiBadge, UiMeter, UiMoney, UiRowAction, UiTableScroll, UiTime } from '../../ui';
import { ConfirmDialog, type ConfirmData } from '../../ui/confirm-dialog';
import { canBeRevoked, leaseLabel, leaseMeaning, leaseTone } from './lease-view';

type Lease = Schemas['Lease'];

@Component({
  selector: 'app-lease-table',
  imports: [RouterLink, UiBadge, UiMeter, UiMoney, UiRowAction, UiTableScroll, UiTime],
  template: `<div uiTableScroll="Leases, table">
    <table class="table sm:min-w-[700px] xl:min-w-[820px]">
      <thead>
        <tr>
          @if (withProject()) {
            <th scope="col" class="max-sm:hidden">Project</th>
          }
          <th scope="col">Agent</th>
          <th scope="col" class="max-sm:hidden">State</th>
          <th scope="col" class="text-right">Leased</th>
          <th scope="col" class="w-40 max-sm:hidden">Used</th>
          <th scope="col" class="max-xl:hidden">Granted</th>
          <th scope="col" class="text-right">Expires in</th>
          <th scope="col" class="row-end"><span class="sr-only">Actions</span></th>
        </tr>
      </thead>
      <tbody>
        @for (row of rows(); track row.lease.id) {
          <tr>
            @if (withProject()) {
              <td class="max-w-28 max-sm:hidden xl:max-w-44">
                <a
                  class="link line-clamp-2 xl:line-clamp-none xl:block xl:truncate"
                  [routerLink]="['/projects', row.lease.projectId]"
                  >{{ row.lease.projectName }}</a
                >
              </td>
            }
            <td class="max-w-28 sm:max-w-56">
              <div class="font-medium wrap-anywhere sm:truncate">{{ row.lease.agent }}</div>
              @if (withProject()) {
                <a
                  class="link line-clamp-2 text-xs sm:hidden"
                  [routerLink]="['/projects', row.lease.projectId]"
                  >{{ row.lease.projectName }}</a
                >
              }
              <div class="text-xs wrap-anywhere text-muted sm:truncate">
                {{ row.lease.ip }} · key {{ row.lease.keyId }}
              </div>
            </td>
            <td class="max-sm:hidden">
              <ui-badge [tone]="tone[row.lease.state]" [attr.title]="meaning[row.lease.state]">{{
                label[row.lease.state]
              }}</ui-badge>
            </td>
            <td class="text-right"><ui-money [value]="row.lease.amount" /></td>
            <td class="max-sm:hidden">
              <div class="mb-1 flex min-w-28 justify-between gap-2 text-xs">
                <ui-money [value]="row.lease.used" /><span class="text-muted"
                  >{{ row.share }}%</span
                >
              </div>
              <ui-meter [value]="row.share" [label]="'Used of the lease of ' + row.lease.agent" />
            </td>
            <td class="text-muted max-xl:hidden">
              <ui-time as="ago" [at]="row.lease.grantedAt" />
            </td>
            <td class="text-right" [attr.title]="row.expires">
              {{ row.left }}
            </td>
            <td class="row-end text-right">
              @if (row.revocable && session.can('project:pause')) {
                <button
                  [uiRowAction]="'Revoke the lease of ' + row.lease.agent"
                  (click)="revoke(row.lease)"
                >
                  Revoke
                </button>
              }
            </td>
          </tr>
        }
      </tbody>
    </table>
  </div>`,
})
export class LeaseTable {
  readonly leases = input.required<readonly Lease[]>();
  readonly withProject = input(true);
  readonly changed = output();
  protected readonly session = inject(Session);
  protected readonly tone = leaseTone;
  protected readonly label = leaseLabel;
  protected readonly meaning = leaseMeaning;
  private readonly now = inject(Now);
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);
  protected readonly rows = computed(() =>
    this.leases().map((lease) => ({
      lease,
      share: Math.round(percent(nano(lease.used), nano(lease.amount))),
      left: lease.state === 'PENDING' ? countdown(Date.parse(lease.expiresAt), this.now.ms()) : '–',
      expires: dateTime(lease.expiresAt),
      revocable: canBeRevoked(lease.state),
    })),
  );

  protected async revoke(lease: Lease): Promise<void> {
    const rest = exactUsd(nano(lease.amount) - nano(lease.used));
    const done = await this.dialogs.open<boolean, ConfirmData>(ConfirmDialog, {
      title: `Revoke the lease of ${lease.agent}?`,
      text: `${rest} that is not reported yet goes back to ${lease.projectName}. What the agent still reports is booked as late. It may ask for a new lease; pause the project to stop it.`,
      action: 'Revoke lease',
      danger: true,
      run: () =>
        this.api.send('post', '/v1/leases/{leaseId}/revoke', { path: { leaseId: lease.id } }),
    });
    if (done !== true) return;
    this.notices.done('The lease is revoked.');
    this.changed.emit();
  }
}
