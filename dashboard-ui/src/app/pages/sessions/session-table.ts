import { Component, inject, input, output } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api, type Schemas } from '../../api/client';
import { exactUsd, nano } from '../../core/money';
import { Notices } from '../../core/notices';
import { Session } from '../../session/session';
import { Dialogs, type Tone, UiBadge, UiMoney, UiRowAction, UiTableScroll, UiTime } from '../../ui';
import { ConfirmDialog, type ConfirmData } from '../../ui/confirm-dialog';

type AgentSession = Schemas['AgentSession'];

const TONE: Record<AgentSession['state'], Tone> = {
  active: 'ok',
  silent: 'warn',
  ended: 'neutral',
  killed: 'bad',
};
const LABEL: Record<AgentSession['state'], string> = {
  active: 'Running',
  silent: 'Silent',
  ended: 'Ended',
  killed: 'Stopped',
};
const MEANING: Record<AgentSession['state'], string> = {
  active: 'It was heard of within the last minute.',
  silent: 'It has not ended, and was not heard of for a minute.',
  ended: 'It said goodbye, or was silent for an hour.',
  killed: 'Somebody stopped it.',
};

@Component({
  selector: 'app-session-table',
  imports: [RouterLink, UiBadge, UiMoney, UiRowAction, UiTableScroll, UiTime],
  template: `<div uiTableScroll="Agents, table">
    <table class="table sm:min-w-[700px] xl:min-w-[820px]">
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col" class="max-sm:hidden">Project</th>
          <th scope="col" class="max-sm:hidden">State</th>
          <th scope="col" class="max-sm:hidden">Address</th>
          <th scope="col" class="max-sm:hidden">Started</th>
          <th scope="col" class="max-sm:hidden">Last seen</th>
          <th scope="col" class="text-right max-sm:hidden">Open leases</th>
          <th scope="col" class="text-right">Holds</th>
          <th scope="col" class="row-end"><span class="sr-only">Actions</span></th>
        </tr>
      </thead>
      <tbody>
        @for (row of sessions(); track row.id) {
          <tr>
            <td class="max-w-44 sm:max-w-56">
              <div class="font-medium wrap-anywhere sm:truncate">{{ row.agent }}</div>
              <a
                class="link block truncate text-xs sm:hidden"
                [routerLink]="['/projects', row.projectId]"
                >{{ row.projectName }}</a
              >
              <div class="truncate text-xs text-muted">{{ row.host }} · pid {{ row.pid }}</div>
              <ui-badge class="mt-1 sm:hidden!" [tone]="tone[row.state]">{{
                label[row.state]
              }}</ui-badge>
            </td>
            <td class="max-w-44 max-sm:hidden">
              <a class="link block truncate" [routerLink]="['/projects', row.projectId]">{{
                row.projectName
              }}</a>
              <div class="truncate text-xs text-muted">key {{ row.keyName }}</div>
            </td>
            <td class="max-sm:hidden">
              <ui-badge [tone]="tone[row.state]" [attr.title]="meaning[row.state]">{{
                label[row.state]
              }}</ui-badge>
            </td>
            <td class="text-muted max-sm:hidden">
              {{ row.ip }}
              <div class="text-xs" [attr.title]="row.bound ? bound : unbound">
                {{ row.bound ? 'proves itself' : 'key only' }}
              </div>
            </td>
            <td class="text-muted max-sm:hidden"><ui-time as="ago" [at]="row.startedAt" /></td>
            <td class="text-muted max-sm:hidden"><ui-time as="ago" [at]="row.lastSeenAt" /></td>
            <td class="text-right tabular-nums max-sm:hidden">{{ row.openLeases }}</td>
            <td class="text-right"><ui-money [value]="row.held" /></td>
            <td class="row-end text-right">
              @if (row.endedAt === null && session.can('project:pause')) {
                <button [uiRowAction]="'Stop ' + row.agent" (click)="kill(row)">Stop</button>
              }
            </td>
          </tr>
        }
      </tbody>
    </table>
  </div>`,
})
export class SessionTable {
  readonly sessions = input.required<readonly AgentSession[]>();
  readonly changed = output();
  protected readonly session = inject(Session);
  protected readonly tone = TONE;
  protected readonly label = LABEL;
  protected readonly meaning = MEANING;
  protected readonly bound = 'Its requests carry the proof of its session.';
  protected readonly unbound =
    'It has sent no proof of its session: where the policy requires one, it is refused.';
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);

  protected async kill(agent: AgentSession): Promise<void> {
    const done = await this.dialogs.open<boolean, ConfirmData>(ConfirmDialog, {
      title: `Stop ${agent.agent}?`,
      text: `It makes no more calls within two seconds, and ${exactUsd(nano(agent.held))} that it holds goes back to ${agent.projectName}. This process gets no other session; a new process with the same key may start. To keep those out, revoke the key or pause the project.`,
      action: 'Stop agent',
      danger: true,
      run: () =>
        this.api.send('post', '/v1/sessions/{sessionId}/kill', {
          path: { sessionId: agent.id },
          body: {},
        }),
    });
    if (done !== true) return;
    this.notices.done(`${agent.agent} is stopped.`);
    this.changed.emit();
  }
}
