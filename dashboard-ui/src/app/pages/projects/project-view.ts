import type { Schemas } from '../../api/client';
import { nano } from '../../core/money';
import type { Tone } from '../../ui';

type Project = Schemas['Project'];

export const stateTone: Record<Project['state'], Tone> = {
  active: 'ok',
  paused: 'warn',
  archived: 'neutral',
};
export const stateLabel: Record<Project['state'], string> = {
  active: 'Active',
  paused: 'Paused',
  archived: 'Archived',
};

/** What is free after a change; below zero it is debt. */
export function balanceAfter(
  { available, debt }: Pick<Project['balance'], 'available' | 'debt'>,
  change: bigint,
): bigint {
  return nano(available) - nano(debt) + change;
}

export interface Attention {
  readonly label: string;
  readonly text: string;
  readonly tone: Tone;
  /** More urgent first. */
  readonly rank: number;
}

const SOON_MS = 86_400_000;

/** Why somebody should look at this project now; `undefined` when all is well. */
export function attentionOf(
  project: Project,
  runsOutAtMs: number | undefined,
  nowMs: number,
): Attention | undefined {
  if (project.state === 'archived') return undefined;
  const balance = {
    debt: nano(project.balance.debt),
    available: nano(project.balance.available),
    deposited: nano(project.balance.deposited),
  };
  if (balance.debt > 0n)
    return {
      label: 'In debt',
      text: 'More was reported than was there. No lease is granted until a deposit covers it.',
      tone: 'bad',
      rank: 0,
    };
  if (project.state === 'paused')
    return {
      label: 'Paused',
      text: project.pauseReason ?? 'No reason was given.',
      tone: 'warn',
      rank: 1,
    };
  if (balance.deposited > 0n && balance.available === 0n)
    return { label: 'Empty', text: 'Nothing is free to lease.', tone: 'bad', rank: 2 };
  if (runsOutAtMs !== undefined && runsOutAtMs - nowMs < SOON_MS && balance.deposited > 0n)
    return { label: 'Runs out', text: 'At the present rate within a day.', tone: 'warn', rank: 3 };
  if (balance.deposited > 0n && balance.available * 10n < balance.deposited)
    return { label: 'Nearly empty', text: 'Less than a tenth is free.', tone: 'warn', rank: 4 };
  return undefined;
}
