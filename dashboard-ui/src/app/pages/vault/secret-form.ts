import {
  Component,
  computed,
  effect,
  inject,
  input,
  output,
  signal,
  untracked,
} from '@angular/core';
import {
  apply,
  applyEach,
  applyWhen,
  form,
  FormField,
  FormRoot,
  required,
  validate,
} from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { nameRule } from '../../core/form-rules';
import { UiFailure, UiField, UiInput, UiLoadState } from '../../ui';
import { ProjectSelect } from '../projects/project-select';
import {
  blankFields,
  fieldNameProblem,
  fieldValueProblem,
  filledFields,
  type FieldValue,
  hostsProblem,
  OTHER_PROVIDER,
  problem,
  typedHosts,
} from './secret-fields';
import { BLANK_TERMS, secretTerms, type SecretTerms, typedTerms } from './secret-terms';
import { SecretTermsFields } from './secret-terms-fields';

interface SecretModel {
  readonly provider: string;
  readonly otherProvider: string;
  readonly name: string;
  readonly projectId: string;
  readonly hosts: string;
  readonly terms: SecretTerms;
  readonly environment: Schemas['Secret']['environment'];
  readonly fields: FieldValue[];
}

/** Asks for a provider key and stores it. The buttons come from outside, because a dialog and the first-run page place them differently. */
@Component({
  selector: 'app-secret-form',
  imports: [
    FormField,
    FormRoot,
    ProjectSelect,
    SecretTermsFields,
    UiFailure,
    UiField,
    UiInput,
    UiLoadState,
  ],
  templateUrl: './secret-form.html',
})
export class SecretForm {
  /** Stored for this project; without it, the form asks. */
  readonly projectId = input<string>();
  readonly stored = output<Schemas['Secret']>();
  protected readonly other = OTHER_PROVIDER;
  protected readonly failed = signal('');
  private readonly api = inject(Api);
  protected readonly providers = this.api.get('/v1/providers', () => ({}));
  private readonly model = signal<SecretModel>({
    provider: '',
    otherProvider: '',
    name: '',
    projectId: '',
    hosts: '',
    terms: BLANK_TERMS,
    environment: 'any',
    fields: [],
  });
  protected readonly f = form(
    this.model,
    (path) => {
      required(path.provider, { message: 'Choose a provider.' });
      nameRule(path.name, 'Enter a name for the secret.');
      validate(path.hosts, ({ value }) => problem(hostsProblem(value())));
      applyWhen(
        path,
        ({ value }) => value().provider === OTHER_PROVIDER,
        (custom) => {
          validate(custom.otherProvider, ({ value }) =>
            problem(
              /^[a-z][a-z0-9-]{0,31}$/.test(value())
                ? undefined
                : 'Use lower-case letters, digits and dashes, for example: my-gateway',
            ),
          );
          required(custom.hosts, { message: 'Enter the host that the key may be sent to.' });
          apply(custom.terms, secretTerms);
        },
      );
      applyEach(path.fields, (field) => {
        validate(field.name, ({ value }) => problem(fieldNameProblem(value())));
        validate(field.value, ({ value }) => problem(fieldValueProblem(value())));
      });
      validate(path.fields, ({ value }) =>
        problem(
          value().some((field) => field.value !== '') ? undefined : 'Enter the provider key.',
        ),
      );
    },
    { submission: { action: () => this.store() } },
  );
  readonly busy = computed(() => this.f().submitting());
  protected readonly isOther = computed(() => this.model().provider === OTHER_PROVIDER);
  protected readonly provider = computed(() =>
    this.providers.value()?.items.find(({ id }) => id === this.model().provider),
  );
  protected readonly fieldsMissing = computed(
    () => this.f.fields().touched() && this.f.fields().errors()[0]?.message,
  );

  constructor() {
    effect(() => {
      const provider = this.provider();
      const isOther = this.isOther();
      untracked(() =>
        this.model.update((model) => ({
          ...model,
          fields: blankFields(provider?.fields ?? (isOther ? ['API_KEY'] : [])),
          name: model.name === '' && provider ? `${provider.id}-main` : model.name,
        })),
      );
    });
  }

  private async store(): Promise<void> {
    this.failed.set('');
    const { provider, name, fields, hosts, projectId, environment } = this.model();
    const { otherProvider, terms } = this.model();
    const project = this.projectId() ?? projectId;
    const ownHosts = typedHosts(hosts);
    try {
      const secret = await this.api.send('post', '/v1/secrets', {
        body: {
          name,
          provider: provider === OTHER_PROVIDER ? otherProvider : provider,
          fields: filledFields(fields),
          environment,
          ...(project ? { projectId: project } : {}),
          ...(ownHosts.length > 0 ? { hosts: ownHosts } : {}),
          ...(provider === OTHER_PROVIDER ? typedTerms(terms) : {}),
        },
      });
      this.stored.emit(secret);
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
