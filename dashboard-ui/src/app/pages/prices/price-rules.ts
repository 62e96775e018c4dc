import { Component, computed, inject, output } from '@angular/core';
import { apiError } from '../../api/api-error';
import { Api } from '../../api/client';
import { Notices } from '../../core/notices';
import { day } from '../../core/time';
import { Session } from '../../session/session';
import { Dialogs, UiButton, UiIcon, UiRowAction, UiRowActions, UiSection } from '../../ui';
import { ConfirmDialog, type ConfirmData } from '../../ui/confirm-dialog';
import { CeilingDialog } from './ceiling-dialog';
import { EndTermDialog, type EndTermData } from './end-term-dialog';
import { MarkupDialog } from './markup-dialog';
import { OverrideDialog, type OverrideData } from './override-dialog';
import type { Override } from './price-preview';
import { ratesText } from './rates-text';
import type { TermData } from './term-form';

interface Term extends EndTermData {
  readonly name: string;
  readonly value: string;
  readonly since: string;
  readonly reason: string;
}

/** What is not paid by the table: own rates, mark-ups, ceilings. */
@Component({
  selector: 'app-price-rules',
  imports: [UiButton, UiIcon, UiRowAction, UiRowActions, UiSection],
  host: { class: 'block' },
  templateUrl: './price-rules.html',
})
export class PriceRules {
  /** Calls cost something else now. */
  readonly changed = output();
  private readonly session = inject(Session);
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);
  private readonly list = this.api.get('/v1/prices/overrides', () => ({}));
  private readonly answer = this.api.get('/v1/prices/terms', () => ({}));
  private readonly projects = this.api.get('/v1/projects', () => ({ query: { limit: 200 } }));
  private readonly names = computed(
    () => new Map((this.projects.value()?.items ?? []).map(({ id, name }) => [id, name])),
  );
  protected readonly may = computed(() => this.session.can('money:write'));
  protected readonly isEmpty = computed(
    () =>
      this.list.value()?.items.length === 0 &&
      this.answer.value() !== undefined &&
      this.terms().length === 0,
  );
  protected readonly overrides = computed(() =>
    (this.list.value()?.items ?? []).map((override) => ({
      override,
      name: nameOf(override),
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
  protected readonly terms = computed((): Term[] => {
    const { markups = [], ceilings = [] } = this.answer.value() ?? {};
    return [
      ...markups.map((row) => ({
        kind: 'markup' as const,
        name: 'Mark-up',
        value: `${row.basisPoints / 100}% on every cost`,
        ...this.termOf(row),
      })),
      ...ceilings.map((row) => ({
        kind: 'ceiling' as const,
        name: 'Models without a price',
        value: ratesText(row.rates),
        ...this.termOf(row),
      })),
    ];
  });

  /** @param replaced own rates whose place the new ones take */
  protected async setOverride(replaced?: Override): Promise<void> {
    const made = await this.dialogs.open<Override, OverrideData>(OverrideDialog, {
      overrides: this.list.value()?.items ?? [],
      projectNames: this.names(),
      ...(replaced === undefined ? {} : { replaced }),
    });
    if (!made) return;
    this.notices.done(`The rates of ${nameOf(made)} are set from ${made.from}.`);
    if (replaced !== undefined && made.from <= utcToday()) await this.endReplaced(replaced);
    this.list.reload();
    this.changed.emit();
  }

  protected async end(override: Override, name: string): Promise<void> {
    const done = await this.dialogs.open<boolean, ConfirmData>(ConfirmDialog, {
      title: `End the rates of ${name}?`,
      text: 'Calls from now on cost what other own rates or the table say. What was booked stays as it is.',
      action: 'End rates',
      danger: true,
      run: () => this.remove(override),
    });
    if (done !== true) return;
    this.notices.done(`The rates of ${name} are ended.`);
    this.list.reload();
    this.changed.emit();
  }

  protected change({ kind, projectId }: Term): Promise<void> {
    const scope = projectId ?? '';
    return kind === 'markup' ? this.setMarkup(scope) : this.setCeiling(scope);
  }

  protected async setMarkup(projectId: string): Promise<void> {
    const done = await this.dialogs.open<boolean, TermData>(MarkupDialog, {
      terms: this.answer.value(),
      projectId,
    });
    this.afterTerm(done, 'The mark-up is set.');
  }

  protected async setCeiling(projectId: string): Promise<void> {
    const done = await this.dialogs.open<boolean, TermData>(CeilingDialog, {
      terms: this.answer.value(),
      projectId,
    });
    this.afterTerm(done, 'Unknown models have a price.');
  }

  protected async endTerm(term: Term): Promise<void> {
    const done = await this.dialogs.open<boolean, EndTermData>(EndTermDialog, term);
    const what = term.kind === 'markup' ? 'mark-up' : 'price of unknown models';
    this.afterTerm(done, `The ${what} is ended.`);
  }

  private afterTerm(done: boolean | undefined, text: string): void {
    if (done !== true) return;
    this.notices.done(text);
    this.answer.reload();
    this.changed.emit();
  }

  /** After the new ones are made, so that there is no moment without. Until it is done the new go before, since they began last. */
  private async endReplaced(replaced: Override): Promise<void> {
    try {
      await this.remove(replaced);
    } catch (cause) {
      const { status, message } = apiError(cause);
      // Somebody else ended them meanwhile.
      if (status === 404) return;
      this.notices.failed(`The former rates are still in the list, end them there: ${message}`);
    }
  }

  private remove({ id }: Override): Promise<void> {
    return this.api.send('delete', '/v1/prices/overrides/{overrideId}', {
      path: { overrideId: id },
    });
  }

  private termOf(row: { projectId: string | null; updatedAt: string; reason: string }) {
    const { projectId, updatedAt, reason } = row;
    return { projectId, where: this.where(projectId), since: day(updatedAt), reason };
  }

  private where(projectId: string | null): string {
    return projectId === null ? 'All projects' : (this.names().get(projectId) ?? 'One project');
  }
}

const nameOf = ({ provider, model }: Override): string => `${provider}/${model}`;
const utcToday = (): string => new Date().toISOString().slice(0, 10);
