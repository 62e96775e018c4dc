import { Component, inject } from '@angular/core';
import { Api } from '../../api/client';
import { Pager } from '../../core/pager';
import { ownTimeZone } from '../../core/time';
import { TOPICS } from '../../live/live-topics';
import { UiEmpty, UiLoadState, UiPager, UiSection, UiTableScroll, UiTime } from '../../ui';
import { auditDetails } from './audit-details';

const PAGE_SIZE = 50;

@Component({
  selector: 'app-audit',
  imports: [UiEmpty, UiLoadState, UiPager, UiSection, UiTableScroll, UiTime],
  template: `<ui-section heading="Audit log" [level]="1" note="newest first">
    <ui-load-state [of]="list" what="events" [rows]="8" />
    @if (list.value(); as page) {
      @if (page.items.length > 0) {
        <div uiTableScroll="Audit log, table">
          <table class="table min-w-[760px]">
            <thead>
              <tr>
                <th scope="col">Time ({{ zone }})</th>
                <th scope="col">Who</th>
                <th scope="col">Action</th>
                <th scope="col">What</th>
                <th scope="col">Details</th>
              </tr>
            </thead>
            <tbody>
              @for (event of page.items; track event.id) {
                <tr class="align-top">
                  <td class="text-muted"><ui-time [at]="event.at" /></td>
                  <td class="max-w-48 truncate font-medium" [attr.title]="event.actor">
                    {{ event.actorName ?? event.actor }}
                  </td>
                  <td>
                    <code
                      class="rounded bg-sunken px-1.5 py-0.5 font-mono text-xs whitespace-nowrap"
                      >{{ event.action }}</code
                    >
                  </td>
                  <td
                    class="max-w-56 truncate font-mono text-xs text-muted"
                    [attr.title]="event.target"
                  >
                    {{ event.target }}
                  </td>
                  <td class="min-w-64 text-xs text-muted">
                    @for (detail of details(event.details); track detail.name) {
                      <span class="mr-3 inline-block"
                        >{{ detail.name }} <span class="text-fg">{{ detail.value }}</span></span
                      >
                    }
                  </td>
                </tr>
              }
            </tbody>
          </table>
        </div>
        <ui-pager [pager]="pager" [nextCursor]="page.nextCursor" what="events" />
      } @else {
        <ui-empty
          icon="scroll-text"
          heading="Nothing happened yet"
          text="Every change and every delivery of a secret is written down here."
        />
      }
    }
  </ui-section>`,
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
