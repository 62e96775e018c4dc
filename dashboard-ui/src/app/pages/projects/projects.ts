import { Component, inject, input } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import type { Schemas } from '../../api/client';
import { pagedList } from '../../api/paged-list';
import { AddressQuery } from '../../core/address-query';
import { Session } from '../../session/session';
import {
  Dialogs,
  UiBadge,
  UiBalanceAmounts,
  UiBalanceHead,
  UiButton,
  UiEmpty,
  UiIcon,
  UiList,
  UiRowAction,
  UiSearch,
  UiTableScroll,
} from '../../ui';
import { CreateProjectDialog } from './create-project-dialog';
import { ProjectActions } from './project-actions';
import { stateLabel, stateTone } from './project-view';

@Component({
  selector: 'app-projects',
  imports: [
    RouterLink,
    UiBadge,
    UiBalanceAmounts,
    UiBalanceHead,
    UiButton,
    UiEmpty,
    UiIcon,
    UiList,
    UiRowAction,
    UiSearch,
    UiTableScroll,
  ],
  templateUrl: './projects.html',
})
export class Projects {
  readonly search = input<string>();
  protected readonly session = inject(Session);
  protected readonly address = inject(AddressQuery);
  protected readonly stateTone = stateTone;
  protected readonly stateLabel = stateLabel;
  private readonly dialogs = inject(Dialogs);
  private readonly router = inject(Router);
  private readonly actions = inject(ProjectActions);
  protected readonly list = pagedList(
    '/v1/projects',
    (page) => ({ query: { search: this.search(), ...page } }),
    { topics: ['projects', 'leases', 'usage'] },
  );

  protected async create(): Promise<void> {
    const project = await this.dialogs.open<Schemas['Project']>(CreateProjectDialog);
    if (project) await this.router.navigate(['/projects', project.id]);
  }

  protected async toggle(project: Schemas['Project']): Promise<void> {
    const changed =
      project.state === 'paused'
        ? await this.actions.resume(project)
        : await this.actions.pause(project);
    if (changed) this.list.reload();
  }

  protected async deposit(project: Schemas['Project']): Promise<void> {
    if (await this.actions.transfer(project, 'deposit')) this.list.reload();
  }
}
