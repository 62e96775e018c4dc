import { Component, input } from '@angular/core';
import { type FieldTree, FormField } from '@angular/forms/signals';
import { UiField, UiInput } from '../../ui';
import { type KeyLimits, SCOPES } from './key-limits';

@Component({
  selector: 'app-key-limit-fields',
  imports: [FormField, UiField, UiInput],
  template: `<details class="rounded-md border px-3 py-2">
    <summary class="cursor-pointer font-medium">Limits</summary>
    <div class="mt-3 grid gap-4">
      <fieldset class="grid gap-1.5">
        <legend class="mb-1 font-medium">What it may do</legend>
        @for (scope of scopes; track scope.name) {
          <label class="flex items-center gap-2">
            <input type="checkbox" [formField]="of().scopes[scope.name]" />{{ scope.label }}
          </label>
        }
      </fieldset>
      <ui-field
        label="Addresses that it may be used from"
        hint="Like 203.0.113.0/24, separated by commas. Empty: from everywhere."
        [optional]="true"
        [of]="of().addresses"
      >
        <input uiInput autocomplete="off" [formField]="of().addresses" />
      </ui-field>
      <ui-field
        label="Models"
        hint="Like gpt-5*, claude-*. Empty: every model."
        [optional]="true"
        [of]="of().models"
      >
        <input uiInput autocomplete="off" [formField]="of().models" />
      </ui-field>
      <div class="grid gap-4 sm:grid-cols-2">
        <ui-field label="Requests per minute" [optional]="true" [of]="of().requestsPerMinute">
          <input
            uiInput
            inputmode="numeric"
            autocomplete="off"
            [formField]="of().requestsPerMinute"
          />
        </ui-field>
        <ui-field
          label="Spend cap in US dollars"
          hint="The most that it may ever spend."
          [optional]="true"
          [of]="of().spendCap"
        >
          <input uiInput inputmode="decimal" autocomplete="off" [formField]="of().spendCap" />
        </ui-field>
      </div>
    </div>
  </details>`,
})
export class KeyLimitFields {
  readonly of = input.required<FieldTree<KeyLimits>>();
  protected readonly scopes = SCOPES;
}
