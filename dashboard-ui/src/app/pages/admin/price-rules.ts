import { Component, computed, inject } from '@angular/core';
import { Api, type Schemas } from '../../api/client';
import { Notices } from '../../core/notices';
import { day } from '../../core/time';
import { Session } from '../../session/session';
import { Dialogs, UiButton, UiSection } from '../../ui';
import { ConfirmDialog, type ConfirmData } from '../../ui/confirm-dialog';
import { ratesText } from './rates-text';

type Override = Schemas['PriceOverride'];

/** What is not paid by the table: own rates, mark-ups, ceilings. Nothing at all while there is none of them. */
@Component({
  selector: 'app-price-rules',
  imports: [UiButton, UiSection],
  host: { class: 'block' },
  template: `@if (overrides().length > 0 || terms().length > 0) {
    <ui-section
      class="mb-4"
      heading="Own rates"
      note="they go before the table; dollars for a million tokens"
    >
      <ul class="divide-y">
        @for (row of overrides(); track row.override.id) {
          <li class="flex flex-wrap items-center gap-x-6 gap-y-2 px-3 py-3 sm:px-4">
            <div class="min-w-0 flex-1 basis-64">
              <p class="font-medium break-words">{{ row.name }}</p>
              <p class="break-words tabular-nums">{{ row.rates }}</p>
              <p class="text-xs break-words text-muted">
                {{ row.where }} · {{ row.when }} · “{{ row.override.reason }}”
              </p>
            </div>
            @if (session.can('money:write')) {
              <button
                uiButton
                type="button"
                size="sm"
                [attr.aria-label]="'End the rates of ' + row.name"
                (click)="end(row.override, row.name)"
              >
                End
              </button>
            }
          </li>
        }
        @for (term of terms(); track $index) {
          <li class="px-3 py-3 sm:px-4">
            <p>
              <span class="font-medium">{{ term.name }}</span>
              <span class="tabular-nums"> {{ term.value }}</span>
            </p>
            <p class="text-xs break-words text-muted">
              {{ term.where }} · since {{ term.since }} · “{{ term.reason }}”
            </p>
          </li>
        }
      </ul>
    </ui-section>
  }`,
})
export class PriceRules {
  protected readonly session = inject(Session);
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);
  private readonly list = this.api.get('/v1/prices/overrides', () => ({}));
  private readonly answer = this.api.get('/v1/prices/terms', () => ({}));
  private readonly projects = this.api.get('/v1/projects', () => ({ query: { limit: 200 } }));
  private readonly names = computed(
    () => new Map((this.projects.value()?.items ?? []).map(({ id, name }) => [id, name])),
  );
  protected readonly overrides = computed(() =>
    (this.list.value()?.items ?? []).map((override) => ({
      override,
      name: `${override.provider}/${override.model}`,
      rates: [
        ratesText(override.rates),
        ...override.tiers.map(
          ({ aboveInputTokens, rates }) =>
            `above ${aboveInputTokens.toLocaleString('en-US')} input tokens: ${ratesText(rates)}`,
        ),
      ].join('; '),
      where: this.where(override.projectId),
      when:
        override.until === null ? `from ${override.from}` : `${override.from} to ${override.until}`,
    })),
  );
  protected readonly terms = computed(() => {
    const { markups = [], ceilings = [] } = this.answer.value() ?? {};
    return [
      ...markups.map((row) => ({
        name: 'Mark-up',
        value: `${row.basisPoints / 100}% on every cost`,
        ...this.termOf(row),
      })),
      ...ceilings.map((row) => ({
        name: 'Models without a price',
        value: ratesText(row.rates),
        ...this.termOf(row),
      })),
    ];
  });

  protected async end(override: Override, name: string): Promise<void> {
    const done = await this.dialogs.open<boolean, ConfirmData>(ConfirmDialog, {
      title: `End the rates of ${name}?`,
      text: 'Calls from now on cost what the table says. What was booked stays as it is.',
      action: 'End rates',
      danger: true,
      run: () =>
        this.api.send('delete', '/v1/prices/overrides/{overrideId}', {
          path: { overrideId: override.id },
        }),
    });
    if (done !== true) return;
    this.notices.done(`The rates of ${name} are ended.`);
    this.list.reload();
  }

  private termOf(row: { projectId: string | null; updatedAt: string; reason: string }) {
    return { where: this.where(row.projectId), since: day(row.updatedAt), reason: row.reason };
  }

  private where(projectId: string | null): string {
    return projectId === null ? 'All projects' : (this.names().get(projectId) ?? 'One project');
  }
}
