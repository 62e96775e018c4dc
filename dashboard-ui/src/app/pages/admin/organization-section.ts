import { Component, inject } from '@angular/core';
import type { Schemas } from '../../api/client';
import { Notices } from '../../core/notices';
import { Session } from '../../session/session';
import { Dialogs, UiButton, UiIcon, UiSection, UiTime } from '../../ui';
import { EditOrganizationDialog } from './edit-organization-dialog';

type Organization = Schemas['Organization'];

@Component({
  selector: 'app-organization-section',
  imports: [UiButton, UiIcon, UiSection, UiTime],
  template: `@if (session.organization(); as organization) {
    <ui-section heading="Organization">
      <ng-container sectionActions>
        @if (session.can('organization:manage')) {
          <button
            uiButton
            type="button"
            aria-label="Edit the organization"
            (click)="edit(organization)"
          >
            <ui-icon name="pencil" />Edit
          </button>
        }
      </ng-container>
      <dl class="facts">
        <dt>Name</dt>
        <dd class="font-medium break-words">{{ organization.name }}</dd>
        <dt>Time zone</dt>
        <dd>
          {{ organization.timeZone }}
          <span class="text-muted">(days of budgets begin at midnight there)</span>
        </dd>
        <dt>Months start</dt>
        <dd>on day {{ organization.monthStartsOn }}</dd>
        <dt>Since</dt>
        <dd><ui-time [at]="organization.createdAt" /></dd>
        <dt>Your role</dt>
        <dd>{{ session.role() }}</dd>
      </dl>
    </ui-section>
  }`,
})
export class OrganizationSection {
  protected readonly session = inject(Session);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);

  protected async edit(organization: Organization): Promise<void> {
    const changed = await this.dialogs.open<Organization, Organization>(
      EditOrganizationDialog,
      organization,
    );
    if (!changed) return;
    this.session.changeOrganization(changed);
    this.notices.done(`${changed.name} is saved.`);
  }
}
