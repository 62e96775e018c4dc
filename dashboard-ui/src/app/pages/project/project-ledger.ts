import { Component, inject } from '@angular/core';
import type { Schemas } from '../../api/client';
import { pagedList } from '../../api/paged-list';
import { ActorNames } from '../../core/actor-names';
import { nano } from '../../core/money';
import {
  type Tone,
  UiBadge,
  UiEmpty,
  UiList,
  UiMoney,
  UiTableScroll,
  UiTime,
  UiTimeHead,
} from '../../ui';
import { ProjectStore } from './project-store';

type Kind = Schemas['LedgerEntry']['kind'];
const LABEL: Record<Kind, string> = {
  DEPOSIT: 'Deposit',
  WITHDRAWAL: 'Withdrawal',
  CORRECTION: 'Correction',
  GRANT: 'Lease granted',
  SETTLE: 'Usage settled',
  LATE: 'Late usage',
  RETURN: 'Rest returned',
  CHARGE: 'Rest charged',
  OVERDRAFT: 'Overdraft',
  OVERDRAFT_REPAID: 'Overdraft repaid',
  CARRIED: 'Carried forward',
};
const TONE: Record<Kind, Tone> = {
  DEPOSIT: 'ok',
  WITHDRAWAL: 'neutral',
  CORRECTION: 'warn',
  GRANT: 'accent',
  SETTLE: 'neutral',
  LATE: 'warn',
  RETURN: 'neutral',
  CHARGE: 'warn',
  OVERDRAFT: 'bad',
  OVERDRAFT_REPAID: 'ok',
  CARRIED: 'neutral',
};

@Component({
  selector: 'app-project-ledger',
  providers: [ActorNames],
  imports: [UiBadge, UiEmpty, UiList, UiMoney, UiTableScroll, UiTime, UiTimeHead],
  template: `<ui-list
    heading="Ledger"
    note="change by each entry, newest first"
    what="entries"
    [of]="list"
    [skeletonRows]="6"
  >
    <ui-empty
      icon="wallet"
      heading="No money was moved yet"
      text="Every deposit, lease and settlement is written down here and is never changed afterwards."
    />
    <div uiTableScroll="Ledger, table">
      <table class="table sm:min-w-[820px]">
        <thead>
          <tr>
            <th uiTimeHead class="max-sm:hidden"></th>
            <th scope="col">Entry</th>
            <th scope="col" class="text-right">Free</th>
            <th scope="col" class="text-right max-sm:hidden">Leased</th>
            <th scope="col" class="text-right max-sm:hidden">Spent</th>
            <th scope="col" class="max-sm:hidden">By</th>
            <th scope="col" class="max-sm:hidden">Reason</th>
            <th scope="col" class="max-sm:hidden">Lease</th>
          </tr>
        </thead>
        <tbody>
          @for (entry of list.value()?.items; track entry.id) {
            <tr>
              <td class="text-muted max-sm:hidden"><ui-time [at]="entry.at" /></td>
              <td>
                <ui-badge [tone]="tone[entry.kind]">{{ label[entry.kind] }}</ui-badge>
                <div class="mt-1 text-xs text-muted sm:hidden">
                  <ui-time [at]="entry.at" />
                  <div class="max-w-48 truncate">
                    {{ actors.of(entry.actor) }}{{ entry.reason ? ' · ' + entry.reason : '' }}
                  </div>
                </div>
              </td>
              @for (change of [entry.amount, entry.leased, entry.spent]; track $index) {
                <td
                  class="text-right font-medium"
                  [class.max-sm:hidden]="!$first"
                  [class.text-ok]="$first && isPlus(change)"
                >
                  @if (isZero(change)) {
                    <span class="font-normal text-muted">–</span>
                  } @else {
                    {{ isPlus(change) ? '+' : '' }}<ui-money [exact]="true" [value]="change" />
                  }
                </td>
              }
              <td class="max-w-40 truncate text-muted max-sm:hidden" [attr.title]="entry.actor">
                {{ actors.of(entry.actor) }}
              </td>
              <td class="max-w-60 truncate max-sm:hidden">{{ entry.reason ?? '–' }}</td>
              <td class="max-sm:hidden">
                @if (entry.leaseId; as id) {
                  <code class="font-mono text-xs text-muted" [attr.title]="id"
                    >…{{ id.slice(-8) }}</code
                  >
                }
              </td>
            </tr>
          }
        </tbody>
      </table>
    </div>
  </ui-list>`,
})
export class ProjectLedger {
  protected readonly actors = inject(ActorNames);
  protected readonly label = LABEL;
  protected readonly tone = TONE;
  private readonly store = inject(ProjectStore);
  protected readonly list = pagedList(
    '/v1/projects/{projectId}/ledger',
    (query) => {
      const projectId = this.store.id();
      return projectId === undefined ? undefined : { path: { projectId }, query };
    },
    { topics: ['projects', 'leases', 'usage'] },
  );

  protected isPlus(change: string): boolean {
    return nano(change) > 0n;
  }

  protected isZero(change: string): boolean {
    return nano(change) === 0n;
  }
}
