import { Component, computed, inject, linkedSignal, signal } from '@angular/core';
import { form, FormField, FormRoot, validate } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { Notices } from '../../core/notices';
import { Session } from '../../session/session';
import { UiButton, UiFailure, UiField, UiInput, UiLoadState, UiSection } from '../../ui';
import { groupsText, parseGroups } from './anomaly-groups';
import { ProjectStore } from './project-store';

type Policy = Schemas['AnomalyPolicy'];
interface Model {
  addresses: Policy['addresses'];
  velocity: Policy['velocity'];
  groups: string;
}

const BLANK: Model = { addresses: 'off', velocity: 'off', groups: '' };

/** What the project does about keys that behave strangely. */
@Component({
  selector: 'app-project-anomalies',
  imports: [FormField, FormRoot, UiButton, UiFailure, UiField, UiInput, UiLoadState, UiSection],
  template: `<ui-section heading="Strange use of keys" class="mt-6 block">
    <ui-load-state [of]="saved" what="the policy" [rows]="3" />
    @if (saved.value()) {
      <form [formRoot]="f">
        <fieldset [disabled]="!mayWrite()" class="grid gap-6 p-3 sm:p-4">
          <legend class="sr-only">What is done about strange use of keys</legend>
          <ui-failure [text]="failed()" />
          <div class="grid gap-4 sm:grid-cols-2">
            <ui-field
              label="One key in several places at once"
              hint="Somebody may have copied it. A place counts for twenty seconds after its last use."
              [of]="f.addresses"
            >
              <select uiInput [formField]="f.addresses">
                @for (action of actions; track action.value) {
                  <option [value]="action.value">{{ action.label }}</option>
                }
              </select>
            </ui-field>
            <ui-field
              label="The most leased in a minute is met"
              hint="The lease is refused in any case."
              [of]="f.velocity"
            >
              <select uiInput [formField]="f.velocity">
                @for (action of actions; track action.value) {
                  <option [value]="action.value">{{ action.label }}</option>
                }
              </select>
            </ui-field>
          </div>
          <ui-field
            label="Addresses that count as one place"
            hint="One group a line, such as: Egress: 203.0.113.0/28, 2001:db8:7::/48"
            [optional]="true"
            [of]="f.groups"
          >
            <textarea uiInput rows="4" spellcheck="false" [formField]="f.groups"></textarea>
          </ui-field>
        </fieldset>
        @if (mayWrite()) {
          <div class="flex items-center justify-end gap-2 border-t bg-sunken/60 px-4 py-3">
            <button
              uiButton
              variant="primary"
              type="submit"
              [disabled]="!changed() || f().submitting()"
            >
              Save
            </button>
          </div>
        }
      </form>
    }
  </ui-section>`,
})
export class ProjectAnomalies {
  protected readonly failed = signal('');
  protected readonly actions = [
    { value: 'block', label: 'Block the key until it is released' },
    { value: 'pause', label: 'Pause the project' },
    { value: 'alert', label: 'Record it and go on' },
    { value: 'off', label: 'Do not look' },
  ];
  private readonly session = inject(Session);
  private readonly store = inject(ProjectStore);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  protected readonly saved = this.api.get(
    '/v1/projects/{projectId}/anomaly-policy',
    () => {
      const projectId = this.store.id();
      return projectId === undefined ? undefined : { path: { projectId } };
    },
    ['projects'],
  );
  /** Text, so that a live reload that brought nothing new does not touch what is being typed. */
  private readonly before = computed(() => {
    const policy = this.saved.value();
    return JSON.stringify(policy ? { ...policy, groups: groupsText(policy.groups) } : BLANK);
  });
  private readonly model = linkedSignal<Model>(() => JSON.parse(this.before()) as Model);
  protected readonly f = form(
    this.model,
    (path) => {
      validate(path.groups, ({ value }) => {
        const groups = parseGroups(value());
        return typeof groups === 'string'
          ? { kind: 'groups', message: `"${groups}" is not a group. Write: name: range, range` }
          : undefined;
      });
    },
    { submission: { action: () => this.save() } },
  );
  protected readonly mayWrite = computed(() => this.session.can('project:write'));
  protected readonly changed = computed(() => {
    const before = JSON.parse(this.before()) as Model;
    const { addresses, velocity, groups } = this.model();
    return (
      addresses !== before.addresses || velocity !== before.velocity || groups !== before.groups
    );
  });

  private async save(): Promise<void> {
    const projectId = this.store.id();
    const { addresses, velocity, groups: text } = this.model();
    const groups = parseGroups(text);
    if (projectId === undefined || typeof groups === 'string') return;
    this.failed.set('');
    try {
      await this.api.send('put', '/v1/projects/{projectId}/anomaly-policy', {
        path: { projectId },
        body: { addresses, velocity, groups },
      });
      this.saved.reload();
      this.notices.done('Saved. It counts for every use of a key from now on.');
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
