import { Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../../api/client';
import { pagedList } from '../../api/paged-list';
import { ActorNames } from '../../core/actor-names';
import { AddressQuery } from '../../core/address-query';
import {
  UiBadge,
  UiEmpty,
  UiIcon,
  UiInput,
  UiList,
  UiMoney,
  UiTableScroll,
  UiTime,
} from '../../ui';
import { type Ask, askedOf, askLabel, askTone } from './request-view';

@Component({
  selector: 'app-decided-requests',
  providers: [ActorNames],
  imports: [RouterLink, UiBadge, UiEmpty, UiIcon, UiInput, UiList, UiMoney, UiTableScroll, UiTime],
  template: `<a
      routerLink="/budgets"
      class="link mb-2 inline-flex items-center gap-1 text-xs text-muted"
      ><ui-icon name="chevron-left" class="size-3.5!" />All budgets</a
    >
    <ui-list heading="Decided requests" what="requests" [level]="1" [of]="list">
      <select listActions uiInput class="w-32!" aria-label="Decision" (change)="choose($event)">
        <option value="" [selected]="decision() === 'approved'">Approved</option>
        <option value="declined" [selected]="decision() === 'declined'">Declined</option>
      </select>
      <ui-empty
        icon="chart-pie"
        [heading]="
          decision() === 'approved' ? 'No request was approved yet' : 'No request was declined yet'
        "
        text="An agent or a member that runs out of money can ask for more. What was decided is kept here."
      />
      <div uiTableScroll="Decided requests, table">
        <table class="table sm:min-w-[940px]">
          <thead>
            <tr>
              <th scope="col" class="max-sm:hidden">Decision</th>
              <th scope="col">Asked by</th>
              <th scope="col" class="text-right">Asked for</th>
              <th scope="col" class="max-sm:hidden">More of</th>
              <th scope="col" class="max-sm:hidden">Project</th>
              <th scope="col" class="max-sm:hidden">Reason</th>
              <th scope="col" class="max-sm:hidden">Decided by</th>
              <th scope="col" class="max-sm:hidden">Note</th>
            </tr>
          </thead>
          <tbody>
            @for (row of rows(); track row.ask.id) {
              <tr>
                <td class="max-sm:hidden">
                  <ui-badge [tone]="tone[row.ask.state]">{{ label[row.ask.state] }}</ui-badge>
                </td>
                <td class="max-w-40 sm:truncate">
                  {{ row.who }}
                  <div class="text-xs text-muted sm:hidden">
                    <p>{{ row.what }} of {{ row.ask.projectName }}</p>
                    <p>“{{ row.ask.reason }}”</p>
                    <p>
                      {{ label[row.ask.state] }} by {{ row.by
                      }}{{ row.ask.note ? ': ' + row.ask.note : '' }}
                    </p>
                  </div>
                </td>
                <td class="text-right font-medium">
                  <ui-money [exact]="true" [value]="row.ask.amount" />
                </td>
                <td class="max-w-80 truncate text-muted max-sm:hidden" [attr.title]="row.what">
                  {{ row.what }}
                </td>
                <td class="max-w-40 max-sm:hidden">
                  <a class="link block truncate" [routerLink]="['/projects', row.ask.projectId]">{{
                    row.ask.projectName
                  }}</a>
                </td>
                <td class="max-w-60 truncate max-sm:hidden" [attr.title]="row.ask.reason">
                  {{ row.ask.reason }}
                </td>
                <td class="max-w-44 text-muted max-sm:hidden">
                  <span class="block truncate">{{ row.by }}</span>
                  @if (row.ask.decidedAt; as at) {
                    <ui-time as="ago" class="text-xs" [at]="at" />
                  }
                </td>
                <td class="max-w-52 truncate max-sm:hidden" [attr.title]="row.ask.note">
                  {{ row.ask.note ?? '–' }}
                </td>
              </tr>
            }
          </tbody>
        </table>
      </div>
    </ui-list>`,
})
export class DecidedRequests {
  /** `declined`; else those that were approved. */
  readonly state = input<string>();
  protected readonly label = askLabel;
  protected readonly tone = askTone;
  private readonly address = inject(AddressQuery);
  private readonly actors = inject(ActorNames);
  protected readonly decision = computed<Ask['state']>(() =>
    this.state() === 'declined' ? 'declined' : 'approved',
  );
  protected readonly list = pagedList(
    '/v1/budget-requests',
    (page) => ({ query: { state: this.decision(), ...page } }),
    { topics: ['budgets'] },
  );
  private readonly budgets = inject(Api).get('/v1/budgets', () => ({}));
  protected readonly rows = computed(() =>
    (this.list.value()?.items ?? []).map((ask) => ({
      ask,
      who: this.actors.of(ask.requestedBy),
      by: ask.decidedBy === null ? '–' : this.actors.of(ask.decidedBy),
      what: askedOf(ask, this.budgets.value()?.items),
    })),
  );

  protected choose(event: Event): void {
    this.address.set({ state: (event.target as HTMLSelectElement).value });
  }
}
