import { inject, Injectable } from '@angular/core';
import { Api } from '../../api/client';
import { exactUsd, nano } from '../../core/money';
import { Notices } from '../../core/notices';
import { Dialogs } from '../../ui';
import { ConfirmDialog, type ConfirmData } from '../../ui/confirm-dialog';
import { type Budget, nameOf, windowLabel } from './budget-view';
import { ChangeBudgetDialog } from './change-budget-dialog';
import { CreateBudgetDialog, type CreateBudgetData } from './create-budget-dialog';
import { RaiseDialog } from './raise-dialog';

/** What can be done to budgets, from their page as from a project's. Each returns whether something changed. */
@Injectable({ providedIn: 'root' })
export class BudgetActions {
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);

  async create(data: CreateBudgetData = {}): Promise<boolean> {
    const made = await this.dialogs.open<Budget, CreateBudgetData>(CreateBudgetDialog, data);
    if (!made) return false;
    const limit = exactUsd(nano(made.limit));
    this.notices.done(`${made.scopeName} may use ${limit} ${windowLabel[made.window]}.`);
    return true;
  }

  async change(budget: Budget): Promise<boolean> {
    const changed = await this.dialogs.open<Budget, Budget>(ChangeBudgetDialog, budget);
    if (!changed) return false;
    this.notices.done(`The budget of ${nameOf(changed)}, is changed.`);
    return true;
  }

  async raise(budget: Budget): Promise<boolean> {
    const raised = await this.dialogs.open<Budget, Budget>(RaiseDialog, budget);
    if (!raised) return false;
    this.notices.done(`${nameOf(raised)}: ${exactUsd(nano(raised.available))} is free now.`);
    return true;
  }

  async remove(budget: Budget): Promise<boolean> {
    const done = await this.dialogs.open<boolean, ConfirmData>(ConfirmDialog, {
      title: `Remove the budget of ${nameOf(budget)}?`,
      text: 'It limits nothing any more, at once. Balances and other budgets still apply, and what was counted stays in the usage. A new budget starts at zero.',
      action: 'Remove budget',
      danger: true,
      run: () =>
        this.api.send('delete', '/v1/budgets/{budgetId}', { path: { budgetId: budget.id } }),
    });
    if (done !== true) return false;
    this.notices.done(`The budget of ${nameOf(budget)}, is removed.`);
    return true;
  }
}
