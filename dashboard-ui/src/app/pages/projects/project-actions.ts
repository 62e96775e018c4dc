import { inject, Injectable } from '@angular/core';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { exactUsd, nano } from '../../core/money';
import { Notices } from '../../core/notices';
import { soonClock } from '../../core/time';
import { Dialogs } from '../../ui';
import { ConfirmDialog, type ConfirmData } from '../../ui/confirm-dialog';
import { CorrectDialog } from './correct-dialog';
import { PauseDialog } from './pause-dialog';
import { TransferDialog, type TransferDialogData } from './transfer-dialog';

type Project = Schemas['Project'];

/** What can be done to a project, from the list as from its own page. Each returns whether something changed. */
@Injectable({ providedIn: 'root' })
export class ProjectActions {
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);

  async pause(project: Project): Promise<boolean> {
    const answer = await this.dialogs.open<Schemas['PauseAnswer'], Project>(PauseDialog, project);
    if (!answer) return false;
    const left =
      nano(answer.stillLeased) > 0n && answer.leasedUntil !== null
        ? ` At most ${exactUsd(nano(answer.stillLeased))} is still leased, until ${soonClock(answer.leasedUntil, Date.now())}.`
        : ' Nothing is leased any more.';
    this.notices.done(`${project.name} is paused.${left}`);
    return true;
  }

  async resume(project: Project): Promise<boolean> {
    try {
      await this.api.send('post', '/v1/projects/{projectId}/resume', {
        path: { projectId: project.id },
      });
      this.notices.done(`${project.name} runs again.`);
      return true;
    } catch (cause) {
      this.notices.failed(apiError(cause).message);
      return false;
    }
  }

  async archive(project: Project): Promise<boolean> {
    const done = await this.dialogs.open<boolean, ConfirmData>(ConfirmDialog, {
      title: `Archive ${project.name}?`,
      text: 'It never runs again, and its keys start nothing. What happened in it stays readable, and money that is free can be withdrawn. This cannot be undone.',
      action: 'Archive project',
      danger: true,
      run: () =>
        this.api.send('post', '/v1/projects/{projectId}/archive', {
          path: { projectId: project.id },
        }),
    });
    if (done !== true) return false;
    this.notices.done(`${project.name} is archived.`);
    return true;
  }

  async transfer(project: Project, kind: TransferDialogData['kind']): Promise<boolean> {
    const balance = await this.dialogs.open<Schemas['ProjectBalance'], TransferDialogData>(
      TransferDialog,
      { project, kind },
    );
    if (!balance) return false;
    this.notices.done(`${project.name} now has ${exactUsd(nano(balance.available))} free.`);
    return true;
  }

  async correct(project: Project): Promise<boolean> {
    const balance = await this.dialogs.open<Schemas['ProjectBalance'], Project>(
      CorrectDialog,
      project,
    );
    if (!balance) return false;
    const { available, debt } = balance;
    this.notices.done(
      nano(debt) > 0n
        ? `${project.name} is now in debt: ${exactUsd(nano(debt))}.`
        : `${project.name} now has ${exactUsd(nano(available))} free.`,
    );
    return true;
  }
}
