import { maxLength, required, type SchemaPath, validate } from '@angular/forms/signals';
import { nano, typedMoney, typedSignedMoney } from './money';

const MOST_NANO = nano('1000000000');

/** One line that people read; the server trims it and takes at most `longest` characters. */
export function nameRule(path: SchemaPath<string>, message: string, longest = 80): void {
  required(path, { message });
  maxLength(path, longest, { message: `Use at most ${longest} characters.` });
}

/** An amount of dollars as people type it. */
export function moneyRule(
  path: SchemaPath<string>,
  options: {
    zero?: boolean;
    empty?: boolean;
    when?: () => boolean;
    most?: () => bigint | undefined;
  } = {},
): void {
  validate(path, ({ value }) => {
    if (options.when?.() === false) return undefined;
    if (options.empty === true && value().trim() === '') return undefined;
    const wire = typedMoney(value());
    if (wire === undefined)
      return { kind: 'money', message: 'Enter dollars like 25 or 12.50, at most nine decimals.' };
    const amount = nano(wire);
    if (amount === 0n && options.zero !== true)
      return { kind: 'money', message: 'Enter an amount above zero.' };
    if (amount > MOST_NANO) return { kind: 'money', message: 'Enter at most $1,000,000,000.' };
    const most = options.most?.();
    return most !== undefined && amount > most
      ? { kind: 'money', message: 'That is more than is free.' }
      : undefined;
  });
}

/** Dollars to add, or with a minus to take away. */
export function signedMoneyRule(path: SchemaPath<string>): void {
  validate(path, ({ value }) => {
    const wire = typedSignedMoney(value());
    if (wire === undefined)
      return { kind: 'money', message: 'Enter dollars like 12.50, or -12.50 to take away.' };
    const amount = nano(wire);
    if (amount === 0n) return { kind: 'money', message: 'Enter an amount above or below zero.' };
    return amount > MOST_NANO || amount < -MOST_NANO
      ? { kind: 'money', message: 'Enter at most $1,000,000,000.' }
      : undefined;
  });
}

export function wholeNumberRule(path: SchemaPath<string>, least: number, most: number): void {
  validate(path, ({ value }) => {
    const text = value().trim();
    const inRange = /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most;
    return inRange
      ? undefined
      : {
          kind: 'wholeNumber',
          message: `Enter a whole number from ${least} to ${most.toLocaleString('en-US')}.`,
        };
  });
}
