import { Component, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, validate } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { nameRule, wholeNumberRule } from '../../core/form-rules';
import { DialogForm, UiField, UiFormDialog, UiInput, UiNote } from '../../ui';
import { isTimeZone, timeZones } from './time-zones';

type Organization = Schemas['Organization'];

/** Closes with the changed organization. */
@Component({
  selector: 'app-edit-organization-dialog',
  imports: [FormField, UiField, UiFormDialog, UiInput, UiNote],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    heading="Edit the organization"
    action="Save organization"
  >
    <ui-field label="Name" [of]="f.name">
      <input uiInput autocomplete="off" [formField]="f.name" />
    </ui-field>
    <ui-field
      label="Time zone"
      hint="Days, weeks and months of budgets begin at midnight there."
      [of]="f.timeZone"
    >
      <input
        uiInput
        autocomplete="off"
        spellcheck="false"
        list="time-zones"
        [formField]="f.timeZone"
      />
    </ui-field>
    <datalist id="time-zones">
      @for (zone of zones; track zone) {
        <option [value]="zone"></option>
      }
    </datalist>
    <ui-field
      label="Months start on day"
      hint="1 to 28, for budgets that follow an invoice."
      [of]="f.monthStartsOn"
    >
      <input uiInput inputmode="numeric" autocomplete="off" [formField]="f.monthStartsOn" />
    </ui-field>
    @if (movesWindows()) {
      <p uiNote="warn">
        The windows of budgets move with it: one that then begins on another day counts from zero.
      </p>
    }
  </ui-form-dialog>`,
})
export class EditOrganizationDialog {
  private readonly organization = inject<Organization>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<Organization>();
  protected readonly zones = timeZones();
  private readonly api = inject(Api);
  private readonly model = signal({
    name: this.organization.name,
    timeZone: this.organization.timeZone,
    monthStartsOn: String(this.organization.monthStartsOn),
  });
  protected readonly f = form(
    this.model,
    (path) => {
      nameRule(path.name, 'Enter a name.');
      wholeNumberRule(path.monthStartsOn, 1, 28);
      validate(path.timeZone, ({ value }) =>
        isTimeZone(value().trim())
          ? undefined
          : { kind: 'timeZone', message: 'Enter a time zone such as Europe/Berlin or UTC.' },
      );
    },
    { submission: { action: () => this.save() } },
  );

  protected movesWindows(): boolean {
    const { timeZone, monthStartsOn } = this.model();
    return (
      timeZone.trim() !== this.organization.timeZone ||
      monthStartsOn.trim() !== String(this.organization.monthStartsOn)
    );
  }

  private save(): Promise<void> {
    const { name, timeZone, monthStartsOn } = this.model();
    return this.dialog.send(() =>
      this.api.send('patch', '/v1/organization', {
        body: {
          name: name.trim(),
          timeZone: timeZone.trim(),
          monthStartsOn: Number(monthStartsOn),
        },
      }),
    );
  }
}
