import { Component, inject, input } from '@angular/core';
import { AddressQuery } from '../../core/address-query';
import { UiInput } from '../../ui';
import { ProjectSelect } from '../projects/project-select';

/** Which agents or leases are listed, by project, and whether those that have ended too. Lives in the address. */
@Component({
  selector: 'app-open-filter',
  imports: [ProjectSelect, UiInput],
  host: { class: 'flex flex-wrap gap-2 max-sm:grow' },
  template: `<app-project-select
      class="max-sm:flex-1 sm:w-52"
      label="Project"
      none="All projects"
      [value]="project() ?? ''"
      (valueChange)="address.set({ project: $event })"
    />
    <select uiInput class="w-32!" aria-label="State" (change)="choose($event)">
      <option value="" [selected]="onlyOpen()">{{ openLabel() }}</option>
      <option value="all" [selected]="!onlyOpen()">Also ended</option>
    </select>`,
})
export class OpenFilter {
  readonly project = input.required<string | undefined>();
  readonly onlyOpen = input.required<boolean>();
  readonly openLabel = input.required<string>();
  protected readonly address = inject(AddressQuery);

  protected choose(event: Event): void {
    this.address.set({ state: (event.target as HTMLSelectElement).value });
  }
}
