import { Component, input } from '@angular/core';
import { type FieldTree, FormField } from '@angular/forms/signals';
import { UiField, UiInput } from '../../ui';
import type { SecretTerms } from './secret-terms';

@Component({
  selector: 'app-secret-terms-fields',
  imports: [FormField, UiField, UiInput],
  host: { class: 'grid gap-4' },
  template: `<ui-field
      label="Paths"
      [optional]="true"
      hint="The key is only sent to what begins with one of these."
      [of]="of().paths"
    >
      <input
        uiInput
        autocomplete="off"
        spellcheck="false"
        placeholder="/v1/"
        [formField]="of().paths"
      />
    </ui-field>
    <ui-field
      label="Header"
      [optional]="true"
      hint="Set on every request to these places; {secret} stands for the value."
      [of]="of().header"
    >
      <input
        uiInput
        class="font-mono"
        autocomplete="off"
        spellcheck="false"
        placeholder="x-api-key: {secret}"
        [formField]="of().header"
      />
    </ui-field>
    <ui-field label="Requests to it" [of]="of().metered">
      <select uiInput [formField]="of().metered">
        <option value="yes">Call models: metered and paid for</option>
        <option value="no">Cost nothing here: any other HTTP API</option>
      </select>
    </ui-field>`,
})
export class SecretTermsFields {
  readonly of = input.required<FieldTree<SecretTerms>>();
}
