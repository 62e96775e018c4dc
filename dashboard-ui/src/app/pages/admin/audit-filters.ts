import { Component, computed, inject, input } from '@angular/core';
import { Api } from '../../api/client';
import { AddressQuery } from '../../core/address-query';
import { localInput, ownTimeZone } from '../../core/time';
import { UiButton, UiIcon, UiInput } from '../../ui';
import { type AuditEvent, instantOf, named, typedInstant } from './audit-view';

/** What the audit log is narrowed to; all of it lives in the address. */
export interface AuditFilter {
  readonly action: string | undefined;
  readonly actor: string | undefined;
  readonly target: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

@Component({
  selector: 'app-audit-filters',
  imports: [UiButton, UiIcon, UiInput],
  host: {
    class: 'grid grid-cols-2 gap-2 sm:flex sm:flex-wrap sm:items-center',
    role: 'search',
    'aria-label': 'Filter the audit log',
  },
  template: `<select uiInput class="sm:w-44!" aria-label="Action" (change)="set('action', $event)">
      <option value="" [selected]="!filter().action">All actions</option>
      @for (action of actions(); track action) {
        <option [value]="action" [selected]="action === filter().action">{{ action }}</option>
      }
    </select>
    <select uiInput class="sm:w-44!" aria-label="Who" (change)="set('actor', $event)">
      <option value="" [selected]="!filter().actor">Everybody</option>
      @for (actor of actors(); track actor.id) {
        <option [value]="actor.id" [selected]="actor.id === filter().actor">
          {{ actor.name }}
        </option>
      }
    </select>
    @for (end of ends(); track end.name) {
      <label class="col-span-2 flex items-center gap-2"
        ><span class="w-9 text-xs text-muted sm:w-auto">{{ end.label }}</span>
        <input
          uiInput
          class="sm:w-50!"
          type="datetime-local"
          [attr.aria-label]="end.label + ' (' + zone + ')'"
          [attr.title]="end.label + ' (' + zone + ')'"
          [value]="end.value"
          (change)="setTime(end.name, $event)"
      /></label>
    }
    @if (target(); as only) {
      <button
        uiButton
        type="button"
        class="col-span-2 max-w-full sm:max-w-64"
        [attr.aria-label]="'Not only ' + only"
        (click)="address.set({ target: '' })"
      >
        <span class="truncate">Only {{ only }}</span
        ><ui-icon name="x" />
      </button>
    }
    @if (isFiltered()) {
      <button uiButton type="button" variant="ghost" class="col-span-2" (click)="clear()">
        Clear filters
      </button>
    }
    <p class="sr-only" role="status">{{ announced() }}</p>`,
})
export class AuditFilters {
  readonly filter = input.required<AuditFilter>();
  /** What is listed: names those that are filtered by. */
  readonly events = input.required<readonly AuditEvent[]>();
  protected readonly zone = ownTimeZone();
  protected readonly address = inject(AddressQuery);
  private readonly api = inject(Api);
  private readonly known = this.api.get('/v1/audit/actions', () => ({}));
  private readonly members = this.api.get('/v1/members', () => ({}), ['members']);
  readonly isFiltered = computed(() => Object.values(this.filter()).some(Boolean));
  protected readonly actions = computed(() =>
    withChosen(this.known.value()?.items ?? [], this.filter().action),
  );
  protected readonly actors = computed(() => {
    const { actor } = this.filter();
    const all = [
      ...(this.members.value()?.items ?? []).map(({ userId, name }) => ({
        id: `user:${userId}`,
        name,
      })),
      { id: 'server', name: 'Server' },
    ];
    if (!actor || all.some(({ id }) => id === actor)) return all;
    const event = this.events().find((one) => one.actor === actor);
    return [...all, { id: actor, name: words(actor, event?.actorName) }];
  });
  protected readonly target = computed(() => {
    const { target } = this.filter();
    if (!target) return undefined;
    return words(target, this.events().find((one) => one.target === target)?.targetName);
  });
  /** For who does not see the list change. */
  protected readonly announced = computed(() => {
    const { length } = this.events();
    if (!this.isFiltered()) return '';
    return length === 0 ? 'No event matches.' : `${length} events on this page match.`;
  });
  protected readonly ends = computed(() => {
    const { from, to } = this.filter();
    return [
      { name: 'from', label: 'From', value: shown(from) },
      { name: 'to', label: 'Until', value: shown(to) },
    ] as const;
  });

  clear(): void {
    this.address.set({ action: '', actor: '', target: '', from: '', to: '' });
  }

  protected set(name: 'action' | 'actor', event: Event): void {
    this.address.set({ [name]: (event.target as HTMLSelectElement).value });
  }

  protected setTime(name: 'from' | 'to', event: Event): void {
    const value = typedInstant((event.target as HTMLInputElement).value);
    if (value !== undefined) this.address.set({ [name]: value });
  }
}

/** What the address asks for stays to be seen, also when there is no such thing. */
const withChosen = (items: readonly string[], chosen: string | undefined): readonly string[] =>
  !chosen || items.includes(chosen) ? items : [...items, chosen];

function words(reference: string, name: string | null | undefined): string {
  const is = named(reference, name ?? null);
  return `${is.kind} ${is.name}`.trim();
}

function shown(instant: string | undefined): string {
  const ms = instantOf(instant);
  return ms === undefined ? '' : localInput(ms);
}
