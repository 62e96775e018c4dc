import { Component, computed, inject, linkedSignal, signal } from '@angular/core';
import { form, FormField, FormRoot } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api } from '../../api/client';
import { moneyRule, nameRule, wholeNumberRule } from '../../core/form-rules';
import { Notices } from '../../core/notices';
import { secondsInWords } from '../../core/time';
import { Session } from '../../session/session';
import { UiButton, UiFailure, UiField, UiIcon, UiInput, UiNote, UiSection } from '../../ui';
import { policyModel, type PolicyModel, projectChange } from './policy-form-model';
import { ProjectAnomalies } from './project-anomalies';
import { ProjectSafety } from './project-safety';
import { ProjectStore } from './project-store';

const BLANK: PolicyModel = {
  name: '',
  trancheSize: '',
  leaseTtlSeconds: '',
  graceSeconds: '',
  expiry: 'return',
  maxOpenLeases: '',
  reportIntervalSeconds: '',
  environment: 'any',
  senderBinding: 'off',
  mode: 'enforce',
  unbounded: 'cap',
  velocityLimit: '',
};

@Component({
  selector: 'app-project-policy',
  imports: [
    FormField,
    FormRoot,
    ProjectAnomalies,
    ProjectSafety,
    UiButton,
    UiFailure,
    UiField,
    UiIcon,
    UiInput,
    UiNote,
    UiSection,
  ],
  templateUrl: './project-policy.html',
})
export class ProjectPolicy {
  protected readonly session = inject(Session);
  protected readonly failed = signal('');
  private readonly store = inject(ProjectStore);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  /** Text, so that a live reload that brought no other policy does not touch what is being typed. */
  private readonly saved = computed(() => {
    const project = this.store.project();
    return JSON.stringify(project ? policyModel(project) : BLANK);
  });
  private readonly before = computed(() => JSON.parse(this.saved()) as PolicyModel);
  private readonly model = linkedSignal<PolicyModel>(() => ({ ...this.before() }));
  protected readonly f = form(
    this.model,
    (path) => {
      nameRule(path.name, 'Enter a name for the project.');
      moneyRule(path.trancheSize);
      wholeNumberRule(path.leaseTtlSeconds, 10, 86_400);
      wholeNumberRule(path.graceSeconds, 0, 86_400);
      wholeNumberRule(path.maxOpenLeases, 1, 10_000);
      wholeNumberRule(path.reportIntervalSeconds, 1, 3_600);
      moneyRule(path.velocityLimit, { empty: true });
    },
    { submission: { action: () => this.save() } },
  );
  private readonly change = computed(() => projectChange(this.before(), this.model()));
  protected readonly changed = computed(() => Object.keys(this.change()).length > 0);
  protected readonly mayWrite = computed(() => this.session.can('project:write'));

  protected words(seconds: string): string {
    return /^\d{1,9}$/.test(seconds) ? secondsInWords(Number(seconds)) : '';
  }

  protected reset(): void {
    this.model.set({ ...this.before() });
    this.f().reset();
  }

  private async save(): Promise<void> {
    const projectId = this.store.id();
    if (projectId === undefined || !this.changed()) return;
    this.failed.set('');
    try {
      await this.api.send('patch', '/v1/projects/{projectId}', {
        path: { projectId },
        body: this.change(),
      });
      this.store.reload();
      this.notices.done('The policy is saved. Running agents follow it from their next lease on.');
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
