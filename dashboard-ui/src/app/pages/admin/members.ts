import { Component, computed, inject } from '@angular/core';
import { Api, type Schemas } from '../../api/client';
import { Notices } from '../../core/notices';
import { Session } from '../../session/session';
import {
  Dialogs,
  UiBadge,
  UiButton,
  UiIcon,
  UiLoadState,
  UiRowAction,
  UiSection,
  UiTableScroll,
  UiTime,
} from '../../ui';
import { AddMemberDialog } from './add-member-dialog';
import { ChangeMemberDialog } from './change-member-dialog';
import { roleMeaning } from './roles';

@Component({
  selector: 'app-members',
  imports: [UiBadge, UiButton, UiIcon, UiLoadState, UiRowAction, UiSection, UiTableScroll, UiTime],
  template: `<ui-section heading="Members" [level]="1" [note]="count()">
    <ng-container sectionActions>
      @if (session.can('organization:manage')) {
        <button uiButton type="button" variant="primary" (click)="add()">
          <ui-icon name="user-plus" />Add member
        </button>
      }
    </ng-container>
    <ui-load-state [of]="list" what="members" />
    @if (list.value(); as answer) {
      <div uiTableScroll="Members, table">
        <table class="table sm:min-w-[640px]">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col" class="max-sm:hidden">E-mail</th>
              <th scope="col">Role</th>
              <th scope="col" class="max-xl:hidden">May</th>
              <th scope="col" class="max-sm:hidden">Member since</th>
              <th scope="col" class="row-end"><span class="sr-only">Actions</span></th>
            </tr>
          </thead>
          <tbody>
            @for (member of answer.items; track member.userId) {
              <tr>
                <td class="font-medium max-sm:max-w-40">
                  {{ member.name }}
                  @if (member.userId === session.user()?.id) {
                    <span class="text-xs font-normal text-muted">(you)</span>
                  }
                  <div class="text-xs font-normal wrap-anywhere text-muted sm:hidden">
                    {{ member.email }}
                  </div>
                </td>
                <td
                  class="max-w-56 truncate text-muted max-sm:hidden xl:max-w-96"
                  [attr.title]="member.email"
                >
                  {{ member.email }}
                </td>
                <td>
                  <ui-badge [tone]="member.role === 'owner' ? 'accent' : 'neutral'">{{
                    member.role
                  }}</ui-badge>
                  @if (member.state === 'disabled') {
                    <ui-badge tone="bad">disabled</ui-badge>
                  }
                </td>
                <td class="text-xs text-muted max-xl:hidden">{{ meaning[member.role] }}</td>
                <td class="text-muted max-sm:hidden">
                  <ui-time as="day" [at]="member.createdAt" />
                </td>
                <td class="row-end text-right">
                  @if (mayChange(member)) {
                    <button [uiRowAction]="'Change ' + member.name" (click)="change(member)">
                      Change
                    </button>
                  }
                </td>
              </tr>
            }
          </tbody>
        </table>
      </div>
    }
  </ui-section>`,
})
export class Members {
  protected readonly session = inject(Session);
  protected readonly meaning = roleMeaning;
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);
  protected readonly list = inject(Api).get('/v1/members', () => ({}), ['members']);
  protected readonly count = computed(() => String(this.list.value()?.items.length ?? ''));

  /** The server says it again; this only keeps away what it would refuse. */
  protected mayChange(member: Schemas['Member']): boolean {
    if (!this.session.can('organization:manage')) return false;
    return member.role !== 'owner' || this.session.role() === 'owner';
  }

  protected async change(member: Schemas['Member']): Promise<void> {
    const done = await this.dialogs.open<string, Schemas['Member']>(ChangeMemberDialog, member);
    if (done === undefined) return;
    this.notices.done(done);
    this.list.reload();
  }

  protected async add(): Promise<void> {
    const member = await this.dialogs.open<Schemas['Member']>(AddMemberDialog);
    if (!member) return;
    this.notices.done(`${member.name} can sign in now. Tell them the password in a safe way.`);
    this.list.reload();
  }
}
