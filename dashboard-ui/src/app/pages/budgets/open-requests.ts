import { Component, computed, inject, input, output } from '@angular/core';
import { RouterLink } from '@angular/router';
import { pagedList } from '../../api/paged-list';
import { ActorNames } from '../../core/actor-names';
import { exactUsd, nano } from '../../core/money';
import { Notices } from '../../core/notices';
import { Session } from '../../session/session';
import {
  Dialogs,
  UiLoadState,
  UiMoney,
  UiPager,
  UiRowAction,
  UiRowActions,
  UiSection,
  UiTime,
} from '../../ui';
import { ApproveDialog, type ApproveData } from './approve-dialog';
import type { Budget } from './budget-view';
import { DeclineDialog, type DeclineData } from './decline-dialog';
import { type Ask, askedOf } from './request-view';

const PAGE_SIZE = 20;

/** Requests for more that wait for a decision; nothing while there are none. */
@Component({
  selector: 'app-open-requests',
  providers: [ActorNames],
  imports: [
    RouterLink,
    UiLoadState,
    UiMoney,
    UiPager,
    UiRowAction,
    UiRowActions,
    UiSection,
    UiTime,
  ],
  template: `@if (rows().length > 0 || list.error() || !list.pager.isFirst()) {
    <ui-section heading="Requests for more" [note]="note()">
      <ui-load-state [of]="list" what="requests" [rows]="2" />
      <ul class="divide-y">
        @for (row of rows(); track row.ask.id) {
          <li class="flex flex-wrap items-center gap-x-6 gap-y-2 px-3 py-3 sm:px-4">
            <div class="min-w-0 flex-1 basis-64">
              <p>
                <span class="font-medium">{{ row.who }}</span> asks for
                <ui-money class="font-semibold" [exact]="true" [value]="row.ask.amount" />
                more for the {{ row.what }}
              </p>
              <p class="break-words">“{{ row.ask.reason }}”</p>
              <p class="text-xs text-muted">
                <a class="link" [routerLink]="['/projects', row.ask.projectId]">{{
                  row.ask.projectName
                }}</a>
                · <ui-time as="ago" [at]="row.ask.requestedAt" />
              </p>
            </div>
            @if (session.can('money:write')) {
              <div uiRowActions>
                <button
                  [uiRowAction]="'Decline the request of ' + row.who"
                  (click)="decline(row.ask, row.who)"
                >
                  Decline
                </button>
                <button
                  variant="primary"
                  [uiRowAction]="'Approve the request of ' + row.who"
                  (click)="approve(row.ask, row.who)"
                >
                  Approve
                </button>
              </div>
            }
          </li>
        } @empty {
          @if (list.value()) {
            <li class="px-4 py-3 text-muted">No open request is left on this page.</li>
          }
        }
      </ul>
      <ui-pager [pager]="list.pager" [nextCursor]="list.value()?.nextCursor" what="requests" />
    </ui-section>
  }`,
})
export class OpenRequests {
  /** Tells what is asked for; a request also stands while they are loading. */
  readonly budgets = input.required<readonly Budget[] | undefined>();
  readonly decided = output();
  protected readonly session = inject(Session);
  private readonly actors = inject(ActorNames);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);
  protected readonly list = pagedList(
    '/v1/budget-requests',
    (page) => ({ query: { state: 'open' as const, ...page } }),
    { topics: ['budgets'], pageSize: PAGE_SIZE },
  );
  protected readonly rows = computed(() =>
    (this.list.value()?.items ?? []).map((ask) => ({
      ask,
      who: this.actors.of(ask.requestedBy),
      what: askedOf(ask, this.budgets()),
    })),
  );
  protected readonly note = computed(() => {
    const more = this.list.value()?.nextCursor ? ' and more' : '';
    return `${this.rows().length}${more} to decide`;
  });

  protected async approve(ask: Ask, who: string): Promise<void> {
    const budget = this.budgets()?.find(({ id }) => id === ask.budgetId);
    const data: ApproveData = { ask, who, ...(budget ? { budget } : {}) };
    const amount = await this.dialogs.open<string, ApproveData>(ApproveDialog, data);
    if (amount === undefined) return;
    this.notices.done(`${who} got ${exactUsd(nano(amount))} more.`);
    this.finish();
  }

  protected async decline(ask: Ask, who: string): Promise<void> {
    const data: DeclineData = { ask, who };
    if (!(await this.dialogs.open<Ask, DeclineData>(DeclineDialog, data))) return;
    this.notices.done(`The request of ${who} is declined.`);
    this.finish();
  }

  private finish(): void {
    this.list.reload();
    this.decided.emit();
  }
}
