import { Component, computed, inject, linkedSignal, signal } from '@angular/core';
import { form, FormField, FormRoot, validate } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api } from '../../api/client';
import { Notices } from '../../core/notices';
import { Session } from '../../session/session';
import { UiButton, UiFailure, UiField, UiInput, UiSection } from '../../ui';
import { parsePatterns, PII_FIELDS, piiChange, piiModel, type PiiModel } from './pii-form-model';
import { ProjectStore } from './project-store';

const BLANK: PiiModel = {
  actions: Object.fromEntries(PII_FIELDS.map(({ type }) => [type, 'off'])) as PiiModel['actions'],
  restore: 'on',
  patterns: '',
};

/** What the project does about personal data in prompts. */
@Component({
  selector: 'app-project-safety',
  imports: [FormField, FormRoot, UiButton, UiFailure, UiField, UiInput, UiSection],
  templateUrl: './project-safety.html',
})
export class ProjectSafety {
  protected readonly failed = signal('');
  protected readonly fields = PII_FIELDS;
  protected readonly actions = [
    { value: 'block', label: 'Block: the call is not made' },
    { value: 'redact', label: 'Redact: replaced before the call' },
    { value: 'warn', label: 'Warn: the agent is told' },
    { value: 'off', label: 'Off: not looked for' },
  ];
  private readonly session = inject(Session);
  private readonly store = inject(ProjectStore);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  /** Text, so that a live reload that brought nothing new does not touch what is being typed. */
  private readonly saved = computed(() => {
    const project = this.store.project();
    return JSON.stringify(project ? piiModel(project.policy.pii) : BLANK);
  });
  private readonly before = computed(() => JSON.parse(this.saved()) as PiiModel);
  private readonly model = linkedSignal<PiiModel>(() => ({ ...this.before() }));
  protected readonly f = form(
    this.model,
    (path) => {
      validate(path.patterns, ({ value }) => {
        const patterns = parsePatterns(value());
        return typeof patterns === 'string'
          ? { kind: 'patterns', message: `"${patterns}" is no pattern. Write: NAME action pattern` }
          : undefined;
      });
    },
    { submission: { action: () => this.save() } },
  );
  private readonly change = computed(() => piiChange(this.before(), this.model()));
  protected readonly changed = computed(() => Object.keys(this.change()).length > 0);
  protected readonly mayWrite = computed(() => this.session.can('project:write'));

  private async save(): Promise<void> {
    const projectId = this.store.id();
    if (projectId === undefined || !this.changed()) return;
    this.failed.set('');
    try {
      await this.api.send('patch', '/v1/projects/{projectId}', {
        path: { projectId },
        body: { policy: { pii: this.change() } },
      });
      this.store.reload();
      this.notices.done('The data rules are saved. Running agents follow them within two seconds.');
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
