import { Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { Notices } from '../../core/notices';
import { Session } from '../../session/session';
import { type Tone, UiBadge, UiIcon, UiRowAction, UiRowActions, UiSection, UiTime } from '../../ui';

type Anomaly = Schemas['Anomaly'];

const TONE: Record<Anomaly['action'], Tone> = { alert: 'warn', pause: 'bad', block: 'bad' };
const DONE: Record<Anomaly['action'], string> = {
  alert: 'Recorded',
  pause: 'Project paused',
  block: 'Key blocked',
};
const MOST_SHOWN = 50;

/** Keys that behaved strangely; nothing at all when there are none. */
@Component({
  selector: 'app-anomaly-list',
  imports: [RouterLink, UiBadge, UiIcon, UiRowAction, UiRowActions, UiSection, UiTime],
  template: `@if (rows().length > 0) {
    <ui-section heading="Strange use of keys" class="mb-4 block">
      <ul class="divide-y">
        @for (row of rows(); track row.id) {
          <li class="flex flex-wrap items-center gap-x-4 gap-y-2 px-3 py-3 sm:px-4">
            <div class="min-w-0 flex-1 basis-72">
              <p class="font-medium break-words">{{ row.summary }}</p>
              <p class="text-xs text-muted">
                <a class="link" [routerLink]="['/projects', row.projectId]">{{
                  row.projectName
                }}</a>
                · <ui-time as="ago" [at]="row.firstAt" />
                @if (row.times > 1) {
                  · seen {{ row.times }} times
                }
              </p>
              @for (place of row.evidence.addresses; track place.ip) {
                <p class="text-xs text-muted">
                  {{ place.ip }}, last at <ui-time as="clock" [at]="place.lastSeenAt" />,
                  {{ place.sessionIds.length }}
                  {{ place.sessionIds.length === 1 ? 'agent' : 'agents' }}
                </p>
              }
            </div>
            @if (row.releasedAt !== null) {
              <ui-badge tone="neutral">Released</ui-badge>
            } @else {
              <ui-badge [tone]="tone[row.action]">{{ done[row.action] }}</ui-badge>
              @if (session.can('key:write')) {
                <div uiRowActions>
                  <button
                    [uiRowAction]="'Release key ' + row.keyName"
                    (click)="release(row, false)"
                  >
                    <ui-icon name="circle-check" />Release
                  </button>
                  @if (row.kind === 'addresses' && session.can('project:write')) {
                    <button
                      title="Release it, and count these addresses as one place from now on"
                      [uiRowAction]="'Same network: release key ' + row.keyName"
                      (click)="release(row, true)"
                    >
                      Same network
                    </button>
                  }
                </div>
              }
            }
          </li>
        }
      </ul>
    </ui-section>
  }`,
})
export class AnomalyList {
  /** A project's id: only its keys. */
  readonly project = input<string>();
  readonly onlyOpen = input(true);
  protected readonly session = inject(Session);
  protected readonly tone = TONE;
  protected readonly done = DONE;
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly list = this.api.get(
    '/v1/anomalies',
    () => ({
      query: {
        projectId: this.project(),
        open: this.onlyOpen() ? 'true' : undefined,
        limit: MOST_SHOWN,
      },
    }),
    ['keys', 'leases'],
  );
  protected readonly rows = computed(() => this.list.value()?.items ?? []);

  protected async release(anomaly: Anomaly, sameNetwork: boolean): Promise<void> {
    try {
      await this.api.send('post', '/v1/anomalies/{anomalyId}/release', {
        path: { anomalyId: anomaly.id },
        body: sameNetwork ? { sameNetwork } : {},
      });
      this.notices.done(`Key ${anomaly.keyName} is released.`);
    } catch (cause) {
      this.notices.failed(apiError(cause).message);
    }
    this.list.reload();
  }
}
