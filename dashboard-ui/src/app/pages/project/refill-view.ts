import type { Schemas } from '../../api/client';
import { exactUsd, nano } from '../../core/money';

export type Refill = Schemas['Refill'];

export const refillWindow: Record<Refill['window'], string> = {
  day: 'each day',
  week: 'each week',
  month: 'each month',
};

/** "Sets the free balance to $20.00", "Adds $5.00, up to $50.00 free" */
export function refillSentence({ mode, amount, cap }: Pick<Refill, 'mode' | 'amount' | 'cap'>) {
  const dollars = exactUsd(nano(amount));
  if (mode === 'set-to') return `Sets the free balance to ${dollars}`;
  return mode === 'add' || cap === null
    ? `Adds ${dollars}`
    : `Adds ${dollars}, up to ${exactUsd(nano(cap))} free`;
}
