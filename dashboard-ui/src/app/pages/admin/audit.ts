import { Component, inject } from '@angular/core';
import { Api } from '../../api/client';
import { Pager } from '../../core/pager';
import { ownTimeZone } from '../../core/time';
import { TOPICS } from '../../live/live-topics';
import { UiEmpty, UiList, UiTableScroll, UiTime } from '../../ui';
import { auditDetails } from './audit-details';

const PAGE_SIZE = 50;

@Component({
  selector: 'app-audit',
  imports: [UiEmpty, UiList, UiTableScroll, UiTime],
  template: `<ui-list
    heading="Audit log"
    note="newest first"
    what="events"
    [level]="1"
    [of]="list"
    [pager]="pager"
    [skeletonRows]="8"
  >
    <ui-empty
      icon="scroll-text"
      heading="Nothing happened yet"
      text="Every change and every delivery of a secret is written down here."
    />
    <div uiTableScroll="Audit log, table">
      <table class="table sm:min-w-[760px]">
        <thead>
          <tr>
            <th scope="col" class="max-sm:hidden">Time ({{ zone }})</th>
            <th scope="col" class="max-sm:hidden">Who</th>
            <th scope="col">Action</th>
            <th scope="col" class="max-sm:hidden">What</th>
            <th scope="col">Details</th>
          </tr>
        </thead>
        <tbody>
          @for (event of list.value()?.items; track event.id) {
            <tr class="align-top">
              <td class="text-muted max-sm:hidden"><ui-time [at]="event.at" /></td>
              <td class="max-w-48 truncate font-medium max-sm:hidden" [attr.title]="event.actor">
                {{ event.actorName ?? event.actor }}
              </td>
              <td class="max-sm:w-36 max-sm:max-w-36">
                <code
                  class="rounded bg-sunken px-1.5 py-0.5 font-mono text-xs break-all sm:whitespace-nowrap"
                  >{{ event.action }}</code
                >
                <div class="mt-1 text-xs text-muted sm:hidden">
                  {{ event.actorName ?? event.actor }}
                  <ui-time class="block" as="ago" [at]="event.at" />
                </div>
              </td>
              <td
                class="max-w-56 truncate font-mono text-xs text-muted max-sm:hidden"
                [attr.title]="event.target"
              >
                {{ event.target }}
              </td>
              <td class="text-xs break-words text-muted sm:min-w-64">
                @for (detail of details(event.details); track detail.name) {
                  <span class="mr-3 inline-block max-w-full"
                    >{{ detail.name }} <span class="text-fg">{{ detail.value }}</span></span
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
export class Audit {
  protected readonly zone = ownTimeZone();
  protected readonly pager = new Pager();
  protected readonly list = inject(Api).get(
    '/v1/audit',
    () => ({ query: { cursor: this.pager.cursor(), limit: PAGE_SIZE } }),
    // Whatever changes leaves a trace here; usage alone does not.
    TOPICS.filter((topic) => topic !== 'usage' && topic !== 'leases'),
  );
  protected readonly details = auditDetails;
}
