import { Component, input } from '@angular/core';
import { type FieldTree, FormField } from '@angular/forms/signals';
import { type DialogForm, UiField, UiFormDialog } from '../../ui';
import { ProjectSelect } from '../projects/project-select';
import type { Terms } from './price-preview';
import { ReasonField } from './reason-field';

export interface TermData {
  readonly terms: Terms | undefined;
  /** Chosen at first; empty: all projects. */
  readonly projectId: string;
}

/** What every term asks for beside its own fields, which go into `<app-term-form>`. */
export interface TypedTerm {
  readonly projectId: string;
  readonly reason: string;
}

/** Frame of the dialogs that set a term for all projects or for one: for which, its own fields, why, and what that changes. */
@Component({
  selector: 'app-term-form',
  imports: [FormField, ProjectSelect, ReasonField, UiField, UiFormDialog],
  template: `<ui-form-dialog
    [of]="of()"
    [dialog]="dialog()"
    [heading]="heading()"
    [text]="text()"
    [action]="action()"
  >
    <ui-field label="Applies to" [of]="of().projectId">
      <app-project-select none="All projects" [formField]="of().projectId" />
    </ui-field>
    <ng-content />
    <app-reason-field [of]="of().reason" [placeholder]="reason()" />
    <div class="rounded-lg border bg-sunken px-3 py-2" aria-live="polite">
      <p class="font-medium">What changes</p>
      @for (line of changes(); track line) {
        <p class="text-muted">{{ line }}</p>
      }
    </div>
  </ui-form-dialog>`,
})
export class TermForm<Model extends TypedTerm> {
  readonly of = input.required<FieldTree<Model>>();
  readonly dialog = input.required<DialogForm<boolean>>();
  readonly heading = input.required<string>();
  readonly text = input.required<string>();
  readonly action = input.required<string>();
  /** An example of a reason. */
  readonly reason = input.required<string>();
  readonly changes = input.required<readonly string[]>();
}

/** As the API wants it: without a project for all of them. */
export function termBody({ projectId, reason }: TypedTerm): { projectId?: string; reason: string } {
  return { ...(projectId === '' ? {} : { projectId }), reason };
}
