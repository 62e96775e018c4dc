import type { Schemas } from '../../api/client';
import { forecasts, needingAttention, runningOut } from './forecast';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-11-23T12:00:00Z');

function project(
  id: string,
  available: string,
  change: Partial<Schemas['Project']> = {},
): Schemas['Project'] {
  return {
    id,
    name: id,
    state: 'active',
    pauseReason: null,
    policy: {} as Schemas['Policy'],
    activeAgents: 0,
    createdAt: '2026-01-01T00:00:00Z',
    balance: {
      deposited: '100.000000000',
      spent: '0.000000000',
      leased: '0.000000000',
      available,
      debt: '0.000000000',
    },
    ...change,
  };
}
const cost = (projectId: string, amount: string) => ({
  projectId,
  projectName: projectId,
  cost: amount,
  calls: 1,
});

const all = forecasts({
  projects: [
    project('slow', '50.000000000'),
    project('fast', '12.000000000'),
    project('idle', '50.000000000'),
    project('stopped', '50.000000000', { state: 'paused' }),
    project('empty', '0.000000000'),
  ],
  today: [
    cost('fast', '12.000000000'),
    cost('stopped', '12.000000000'),
    cost('empty', '1.000000000'),
  ],
  window: [cost('fast', '13.000000000'), cost('slow', '13.500000000')],
  windowDays: 14,
  dayStartMs: NOW - 12 * HOUR,
  nowMs: NOW,
});

describe('forecast of all projects', () => {
  it('names what runs out next, by the faster of the two rates', () => {
    expect(
      runningOut(all, NOW).map(({ project: { id }, runsOutAtMs }) => [id, runsOutAtMs - NOW]),
    ).toEqual([
      ['fast', 12 * HOUR],
      ['slow', 50 * DAY],
    ]);
  });

  it('lists what needs attention, the most urgent first', () => {
    expect(
      needingAttention(all).map(({ project: { id }, attention }) => [id, attention.label]),
    ).toEqual([
      ['stopped', 'Paused'],
      ['empty', 'Empty'],
      ['fast', 'Runs out'],
    ]);
  });
});
