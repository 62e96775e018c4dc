import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, required, validate } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { moneyRule } from '../../core/form-rules';
import { typedMoney } from '../../core/money';
import { Attempt } from '../../core/attempt';
import { Session } from '../../session/session';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';
import { ProjectSelect } from '../projects/project-select';
import { type Budget, scopeLabel } from './budget-view';
import { modelsRule, namesIn, tagsRule } from './names-rule';

export interface CreateBudgetData {
  /** Chosen at first. */
  readonly projectId?: string;
}

interface BudgetModel {
  readonly scope: Budget['scope'];
  readonly projectId: string;
  readonly userId: string;
  readonly keyId: string;
  readonly window: Budget['window'];
  readonly limit: string;
  readonly models: string;
  readonly tags: string;
}

const MOST_KEYS = 200;
const COUNTS: Record<Budget['scope'], string> = {
  organization: 'Everything that any agent leases counts.',
  project: 'Everything that agents of the project lease counts.',
  member: 'What agents lease with any key that this member made counts.',
  key: 'What agents lease with this key counts.',
};

/** Closes with the new budget. */
@Component({
  selector: 'app-create-budget-dialog',
  imports: [FormField, ProjectSelect, UiField, UiFormDialog, UiInput],
  templateUrl: './create-budget-dialog.html',
})
export class CreateBudgetDialog {
  private readonly data = inject<CreateBudgetData>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<Budget>();
  protected readonly scopes = Object.entries(scopeLabel).map(([value, label]) => ({
    value,
    label,
  }));
  private readonly attempt = new Attempt();
  private readonly api = inject(Api);
  private readonly timeZone = inject(Session).organization()?.timeZone ?? 'UTC';
  protected readonly windowHint = `Days, weeks from Monday, and months of ${this.timeZone}.`;
  private readonly model = signal<BudgetModel>({
    scope: this.data.projectId === undefined ? 'organization' : 'project',
    projectId: this.data.projectId ?? '',
    userId: '',
    keyId: '',
    window: 'day',
    limit: '',
    models: '',
    tags: '',
  });
  protected readonly scope = computed(() => this.model().scope);
  protected readonly counts = computed(() => COUNTS[this.scope()]);
  protected readonly members = this.api.get('/v1/members', () =>
    this.scope() === 'member' ? {} : undefined,
  );
  private readonly keys = this.api.get('/v1/keys', () => {
    const { scope, projectId } = this.model();
    return scope === 'key' && projectId !== ''
      ? { query: { projectId, limit: MOST_KEYS } }
      : undefined;
  });
  protected readonly activeKeys = computed(() =>
    (this.keys.value()?.items ?? []).filter(
      ({ state, projectId }) => state === 'active' && projectId === this.model().projectId,
    ),
  );
  protected readonly f = form(
    this.model,
    (path) => {
      required(path.projectId, {
        message: 'Choose a project.',
        when: ({ valueOf }) => ['project', 'key'].includes(valueOf(path.scope)),
      });
      required(path.userId, {
        message: 'Choose a member.',
        when: ({ valueOf }) => valueOf(path.scope) === 'member',
      });
      // Also after another project was chosen: the key must be one of its keys.
      validate(path.keyId, ({ value, valueOf }) =>
        valueOf(path.scope) !== 'key' || this.activeKeys().some(({ id }) => id === value())
          ? undefined
          : { kind: 'key', message: 'Choose a key of the project.' },
      );
      moneyRule(path.limit, { zero: true });
      modelsRule(path.models);
      tagsRule(path.tags);
    },
    { submission: { action: () => this.create() } },
  );

  private async create(): Promise<void> {
    const limit = typedMoney(this.model().limit);
    if (limit === undefined) return;
    await this.dialog.send(() =>
      this.api.send('post', '/v1/budgets', { body: this.request(limit) }),
    );
  }

  private request(limit: string): Schemas['BudgetRequest'] {
    const { scope, projectId, userId, keyId, window, models, tags } = this.model();
    const scopeId = { organization: undefined, project: projectId, member: userId, key: keyId }[
      scope
    ];
    const wish = {
      scope,
      ...(scopeId === undefined ? {} : { scopeId }),
      window,
      limit,
      models: namesIn(models),
      tags: namesIn(tags),
    };
    return { id: this.attempt.requestId(JSON.stringify(wish)), ...wish };
  }
}
