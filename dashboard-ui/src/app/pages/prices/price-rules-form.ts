import {
  applyEach,
  pattern,
  required,
  type SchemaPath,
  type SchemaPathTree,
  validate,
} from '@angular/forms/signals';
import { nameRule, wholeNumberRule } from '../../core/form-rules';
import { paidByUnit, RATE_KINDS, rateProblem, type TypedRates } from './rate-kinds';

/* The server's rules about own prices, in its words, told before anything is sent. */

const MOST_STARS = 2;
const MOST_TOKENS = 100_000_000;
const MOST_PERCENT = 1_000;
const PERCENT = /^(\d{1,4})(?:\.(\d{1,2}))?$/;

export const MOST_TIERS = 4;

export interface TypedTier {
  readonly aboveInputTokens: string;
  readonly rates: TypedRates;
}

export function reasonRule(path: SchemaPath<string>): void {
  nameRule(path, 'Say why; it is kept in the audit trail.', 200);
}

export function providerRule(path: SchemaPath<string>): void {
  required(path, { message: 'Give a provider id such as openai.' });
  pattern(path, /^[a-z][a-z0-9-]{0,63}$/, { message: 'Give a provider id such as openai.' });
}

export function modelRule(path: SchemaPath<string>): void {
  const message = 'Give a model name; * stands for any characters.';
  required(path, { message });
  pattern(path, /^[A-Za-z0-9._:/@*-]{1,100}$/, { message });
  validate(path, ({ value }) =>
    value().split('*').length - 1 <= MOST_STARS
      ? undefined
      : { kind: 'stars', message: `Use at most ${MOST_STARS} stars.` },
  );
}

export function untilRule(path: SchemaPath<string>, from: () => string): void {
  validate(path, ({ value }) =>
    value() === '' || from() < value()
      ? undefined
      : { kind: 'until', message: 'It must end after it began.' },
  );
}

export function ratesRule(path: SchemaPathTree<TypedRates>): void {
  for (const kind of RATE_KINDS) {
    const { name } = kind;
    validate(path[name], ({ value, valueOf }) => {
      if (value().trim() !== '') {
        const message = rateProblem(kind, value());
        return message === undefined ? undefined : { kind: 'rate', message };
      }
      const needed = name === 'input' || name === 'output';
      return needed && !paidByUnit(valueOf(path))
        ? { kind: 'rate', message: 'Give input and output, in dollars per million tokens.' }
        : undefined;
    });
  }
}

export function tiersRule(
  path: SchemaPathTree<TypedTier[]>,
  all: () => readonly TypedTier[],
): void {
  applyEach(path, (tier) => {
    wholeNumberRule(tier.aboveInputTokens, 1, MOST_TOKENS);
    validate(tier.aboveInputTokens, ({ value }) => {
      const same = all().filter(
        ({ aboveInputTokens }) => Number(aboveInputTokens) === Number(value()),
      );
      return same.length > 1 && value().trim() !== ''
        ? { kind: 'threshold', message: 'Give each threshold once.' }
        : undefined;
    });
    ratesRule(tier.rates);
  });
}

export function percentRule(path: SchemaPath<string>): void {
  validate(path, ({ value }) =>
    basisPointsIn(value()) === undefined
      ? {
          kind: 'percent',
          message: `Enter a percentage such as 5 or 2.5, at most ${MOST_PERCENT}.`,
        }
      : undefined,
  );
}

/** "2.5" or "2.5%": 250, the hundredths of a percent. */
export function basisPointsIn(text: string): number | undefined {
  const match = PERCENT.exec(text.trim().replace(/\s*%$/, ''));
  if (!match) return undefined;
  const points = Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
  return points <= MOST_PERCENT * 100 ? points : undefined;
}
