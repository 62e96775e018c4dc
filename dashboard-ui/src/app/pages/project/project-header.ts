import { CdkMenu, CdkMenuItem, CdkMenuTrigger } from '@angular/cdk/menu';
import { Component, inject, input, output } from '@angular/core';
import type { Schemas } from '../../api/client';
import { Session } from '../../session/session';
import { UiBadge, UiButton, UiIcon, UiMenu, UiMenuItem } from '../../ui';
import { ProjectActions } from '../projects/project-actions';
import { stateLabel, stateTone } from '../projects/project-view';

/** Name, state, and what can be done: the daily actions as buttons, the rare ones in a menu. */
@Component({
  selector: 'app-project-header',
  imports: [CdkMenu, CdkMenuItem, CdkMenuTrigger, UiBadge, UiButton, UiIcon, UiMenu, UiMenuItem],
  host: { class: 'mt-1 mb-4 flex flex-wrap items-center gap-x-3 gap-y-2' },
  template: `<h1 class="min-w-0 text-xl font-semibold tracking-tight break-words">
      {{ project().name }}
    </h1>
    <ui-badge [tone]="stateTone[project().state]">{{ stateLabel[project().state] }}</ui-badge>
    @if (project().state !== 'archived') {
      <div class="flex flex-wrap gap-2 sm:ml-auto">
        @if (session.can('money:write')) {
          <button uiButton type="button" (click)="transfer('deposit')">
            <ui-icon name="arrow-down-to-line" />Deposit
          </button>
        }
        @if (session.can('project:pause')) {
          <button
            uiButton
            type="button"
            [variant]="project().state === 'paused' ? 'primary' : 'outline'"
            (click)="toggle()"
          >
            <ui-icon [name]="project().state === 'paused' ? 'circle-play' : 'circle-pause'" />{{
              project().state === 'paused' ? 'Resume' : 'Pause'
            }}
          </button>
        }
        @if (session.can('money:write') || session.can('project:write')) {
          <button
            uiButton
            type="button"
            class="w-9 px-0!"
            [attr.aria-label]="'More for ' + project().name"
            [cdkMenuTriggerFor]="more"
          >
            <ui-icon name="ellipsis" />
          </button>
        }
      </div>
    }
    <ng-template #more>
      <div role="region" [attr.aria-label]="'Actions for ' + project().name">
        <div uiMenu cdkMenu>
          @if (session.can('money:write')) {
            <button
              uiMenuItem
              type="button"
              cdkMenuItem
              (cdkMenuItemTriggered)="transfer('withdraw')"
            >
              <ui-icon name="arrow-up-from-line" class="text-muted" />Withdraw
            </button>
            <button uiMenuItem type="button" cdkMenuItem (cdkMenuItemTriggered)="correct()">
              <ui-icon name="pencil" class="text-muted" />Correct the balance
            </button>
          }
          @if (session.can('project:write')) {
            <button uiMenuItem type="button" cdkMenuItem (cdkMenuItemTriggered)="archive()">
              <ui-icon name="trash-2" class="text-muted" />Archive
            </button>
          }
        </div>
      </div>
    </ng-template>`,
})
export class ProjectHeader {
  readonly project = input.required<Schemas['Project']>();
  readonly changed = output();
  protected readonly session = inject(Session);
  protected readonly stateTone = stateTone;
  protected readonly stateLabel = stateLabel;
  private readonly actions = inject(ProjectActions);

  protected transfer(kind: 'deposit' | 'withdraw'): Promise<void> {
    return this.after(this.actions.transfer(this.project(), kind));
  }

  protected correct(): Promise<void> {
    return this.after(this.actions.correct(this.project()));
  }

  protected archive(): Promise<void> {
    return this.after(this.actions.archive(this.project()));
  }

  protected toggle(): Promise<void> {
    const project = this.project();
    return this.after(
      project.state === 'paused' ? this.actions.resume(project) : this.actions.pause(project),
    );
  }

  private async after(action: Promise<boolean>): Promise<void> {
    if (await action) this.changed.emit();
  }
}
