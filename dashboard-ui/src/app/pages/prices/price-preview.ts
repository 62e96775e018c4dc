import type { Schemas } from '../../api/client';
import { exactUsd, nano } from '../../core/money';
import { type Listed, listedText } from './listed-price';
import { paidByUnitAlone, type Rates } from './rate-kinds';
import { ratesText } from './rates-text';

export type Override = Schemas['PriceOverride'];
export type Terms = Schemas['PriceTerms'];

export interface Wish {
  /** null: the whole organization */
  readonly projectId: string | null;
  readonly provider: string;
  readonly model: string;
  readonly from: string;
  readonly rates: Rates;
}

export interface Preview {
  /** Models of the table that the name stands for. */
  readonly count: number;
  /** The first of them. */
  readonly lines: readonly {
    readonly model: string;
    readonly now: string;
    readonly then: string;
  }[];
  /** Projects whose own rates for some of them go before. */
  readonly keepingProjectIds: readonly string[];
}

const MOST_LINES = 4;

/** What own rates would change, on the day on which they begin. */
export function previewOf(
  wish: Wish,
  table: readonly Listed[],
  overrides: readonly Override[],
): Preview {
  const isMeant = matcherOf(wish.model);
  const meant = table.filter(({ provider, model }) => provider === wish.provider && isMeant(model));
  const inForce = overrides.filter(
    ({ provider, from, until }) =>
      provider === wish.provider && from <= wish.from && (until === null || until > wish.from),
  );
  const present = inForce.filter(
    ({ projectId }) => projectId === null || projectId === wish.projectId,
  );
  const keeping = inForce.filter(
    ({ projectId, model }) =>
      wish.projectId === null &&
      projectId !== null &&
      meant.some((one) => matcherOf(model)(one.model)),
  );
  return {
    count: meant.length,
    lines: meant.slice(0, MOST_LINES).map((one) => ({
      model: one.model,
      now: nowOf(one, present.find(({ model }) => matcherOf(model)(one.model))?.rates),
      then: shortText(wish.rates),
    })),
    keepingProjectIds: [...new Set(keeping.flatMap(({ projectId }) => projectId ?? []))],
  };
}

/** As the server reads a name with stars: in any case, from end to end. */
export function matcherOf(glob: string): (model: string) => boolean {
  const escaped = glob.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  const whole = new RegExp(`^${escaped.join('.*')}$`, 'i');
  return (model) => whole.test(model);
}

/** The mark-up that a project has: its own, or the organization's. */
export function markupOf(terms: Terms | undefined, projectId: string | null): number {
  const markups = terms?.markups ?? [];
  const own = markups.find((row) => row.projectId === projectId);
  return (own ?? markups.find((row) => row.projectId === null))?.basisPoints ?? 0;
}

/** What a dollar by the table is booked with: "$1.025". */
export const dollarWith = (basisPoints: number): string =>
  exactUsd((nano('1') * BigInt(10_000 + basisPoints)) / 10_000n);

function nowOf(one: Listed, own: Rates | undefined): string {
  if (own) return shortText(own);
  const { input, output, others, isByUnit } = listedText(one);
  return isByUnit ? others : `${input} / ${output}`;
}

/** "$0.20 / $1.60", or what is paid where no token is. */
function shortText(rates: Rates): string {
  if (paidByUnitAlone(rates)) return ratesText({ ...rates, input: undefined, output: undefined });
  return [rates.input, rates.output].map((wire) => exactUsd(nano(wire))).join(' / ');
}
