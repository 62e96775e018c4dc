import { Component, computed, inject } from '@angular/core';
import { Api } from '../../api/client';
import { Notices } from '../../core/notices';
import { Now } from '../../core/now';
import { roughDuration, soonClock } from '../../core/time';
import { Session } from '../../session/session';
import { Dialogs, UiButton, UiIcon, UiLoadState, UiRowAction, UiSection } from '../../ui';
import { ConfirmDialog, type ConfirmData } from '../../ui/confirm-dialog';
import { ProjectStore } from './project-store';
import { RefillDialog, type RefillData } from './refill-dialog';
import { type Refill, refillSentence, refillWindow } from './refill-view';

/** Deposits that come by themselves. */
@Component({
  selector: 'app-project-refills',
  imports: [UiButton, UiIcon, UiLoadState, UiRowAction, UiSection],
  template: `<ui-section heading="Refills">
    <ng-container sectionActions>
      @if (session.can('money:write') && store.project()?.state !== 'archived') {
        <button uiButton type="button" (click)="add()"><ui-icon name="plus" />Add refill</button>
      }
    </ng-container>
    <ui-load-state [of]="list" what="refills" [rows]="2" />
    @if (list.value()) {
      <ul class="divide-y">
        @for (row of rows(); track row.refill.id) {
          <li class="flex flex-wrap items-center gap-x-4 gap-y-2 px-3 py-2.5 sm:px-4">
            <div class="min-w-0 flex-1 basis-60">
              <p class="font-medium tabular-nums">{{ row.sentence }}</p>
              <p class="text-xs text-muted tabular-nums">{{ row.when }}</p>
            </div>
            @if (session.can('money:write')) {
              <button
                [uiRowAction]="'Remove the refill: ' + row.sentence"
                (click)="remove(row.refill)"
              >
                Remove
              </button>
            }
          </li>
        } @empty {
          <li class="px-3 py-4 text-muted sm:px-4">
            Money comes only from deposits. A refill deposits by itself at the start of each day,
            week or month.
          </li>
        }
      </ul>
    }
  </ui-section>`,
})
export class ProjectRefills {
  protected readonly session = inject(Session);
  protected readonly store = inject(ProjectStore);
  private readonly now = inject(Now);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);
  private readonly api = inject(Api);
  protected readonly list = this.api.get(
    '/v1/projects/{projectId}/refills',
    () => {
      const projectId = this.store.id();
      return projectId === undefined ? undefined : { path: { projectId } };
    },
    ['budgets', 'projects'],
  );
  protected readonly rows = computed(() =>
    (this.list.value()?.items ?? []).map((refill) => ({
      refill,
      sentence: `${refillSentence(refill)} ${refillWindow[refill.window]}`,
      when: this.whenOf(refill),
    })),
  );

  protected async add(): Promise<void> {
    const project = this.store.project();
    if (!project) return;
    const made = await this.dialogs.open<Refill, RefillData>(RefillDialog, { project });
    if (!made) return;
    this.notices.done(`${project.name} is refilled ${refillWindow[made.window]}, from now on.`);
    this.reload();
  }

  protected async remove(refill: Refill): Promise<void> {
    const done = await this.dialogs.open<boolean, ConfirmData>(ConfirmDialog, {
      title: 'Remove this refill?',
      text: `“${refillSentence(refill)} ${refillWindow[refill.window]}” does not happen any more. What was deposited stays.`,
      action: 'Remove refill',
      danger: true,
      run: () =>
        this.api.send('delete', '/v1/projects/{projectId}/refills/{refillId}', {
          path: { projectId: refill.projectId, refillId: refill.id },
        }),
    });
    if (done !== true) return;
    this.notices.done('The refill is removed.');
    this.reload();
  }

  private whenOf({ nextAt }: Refill): string {
    const nowMs = this.now.ms();
    const inMs = Math.max(0, Date.parse(nextAt) - nowMs);
    return `Next in ${roughDuration(inMs)}, ${soonClock(nextAt, nowMs)}`;
  }

  private reload(): void {
    this.list.reload();
    this.store.reload();
  }
}
