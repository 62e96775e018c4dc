import type { BalanceAfter, Settled } from '../domain/commands.js';

export function reviveSettled(stored: object): Settled {
  const answer = stored as Record<'booked' | 'returned' | 'late', string> &
    Omit<Settled, 'booked' | 'returned' | 'late' | 'next'> & { next?: StoredNext };
  const { next, ...rest } = answer;
  return {
    ...rest,
    booked: BigInt(answer.booked),
    returned: BigInt(answer.returned),
    late: BigInt(answer.late),
    ...(next && { next: next.granted ? reviveGrant(next) : next }),
  };
}

function reviveGrant(
  next: Extract<StoredNext, { granted: true }>,
): Extract<Next, { granted: true }> {
  const { amount, nextResetAt, ...rest } = next;
  return {
    ...rest,
    amount: BigInt(amount),
    nextResetAt: nextResetAt === null ? null : new Date(nextResetAt),
  };
}

type Next = NonNullable<Settled['next']>;
type StoredNext =
  | (Omit<Extract<Next, { granted: true }>, 'amount' | 'nextResetAt'> & {
      amount: string;
      nextResetAt: string | null;
    })
  | Extract<Next, { granted: false }>;

export function reviveTransfer(stored: Record<string, string>): BalanceAfter {
  const { projectId = '', ...amounts } = stored;
  return {
    projectId,
    ...Object.fromEntries(Object.entries(amounts).map(([name, text]) => [name, BigInt(text)])),
  } as unknown as BalanceAfter;
}
