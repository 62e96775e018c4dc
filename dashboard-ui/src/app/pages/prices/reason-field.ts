import { Component, input } from '@angular/core';
import { type FieldTree, FormField } from '@angular/forms/signals';
import { UiField, UiInput } from '../../ui';

/** Why a price is changed. */
@Component({
  selector: 'app-reason-field',
  imports: [FormField, UiField, UiInput],
  template: `<ui-field label="Reason" hint="Kept in the audit trail." [of]="of()">
    <input uiInput autocomplete="off" [placeholder]="placeholder()" [formField]="of()" />
  </ui-field>`,
})
export class ReasonField {
  readonly of = input.required<FieldTree<string>>();
  readonly placeholder = input('');
}
