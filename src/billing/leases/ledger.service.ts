import { Injectable } from '@nestjs/common';
import { AppError, ERROR_STATUS } from '../../kernel/errors.js';
import { UnitOfWork, violatedConstraint } from '../../platform/database/index.js';
import { Signals, type Topic } from '../../platform/redis/index.js';
import { Metrics } from '../../platform/telemetry/index.js';
import { loadWorkingSet } from '../data/working-set.loader.js';
import { writeWorkingSet } from '../data/working-set.writer.js';
import type { Answers, Command, Outcome, Refusal } from '../domain/commands.js';
import { announceThresholds } from '../domain/alerts.js';
import { decide } from '../domain/decide.js';
import type { Changes } from '../domain/working-set.js';
import { Coalescer } from './coalescer.js';

/** Small enough that the database works on one batch while this process answers the one before and reads what the next is made of. */
const MAX_BATCH = 128;
const MAX_WAITING = 20_000;

/** What a dashboard should read again after each kind of command. */
const TOPICS_OF: Readonly<Record<Command['kind'], readonly Topic[]>> = {
  acquire: ['leases'],
  settle: ['leases', 'usage'],
  transfer: ['projects'],
  refill: ['projects'],
  revoke: ['leases'],
  expire: ['leases'],
};

function topicsOf(commands: readonly Command[], changes: Changes): ReadonlySet<Topic> {
  const topics = new Set(commands.flatMap(({ kind }) => TOPICS_OF[kind]));
  if (changes.pauses.size > 0) topics.add('projects');
  // Makes every replica forget what it remembers of the organization's keys.
  if (changes.blocks.size > 0) topics.add('keys');
  return topics;
}

/**
 * The only door to money: every change is a command, decided under the lock of its account. Commands of one organization are committed
 * together when they arrive together, and answered as if each had been alone.
 */
@Injectable()
export class Ledger {
  private readonly coalescer = new Coalescer<Command, Outcome>({
    maxBatch: MAX_BATCH,
    maxWaiting: MAX_WAITING,
    process: (organizationId, commands) => this.commit(organizationId, commands),
    full: () =>
      new AppError(
        'UNAVAILABLE',
        'Too many requests wait for the ledger. Nothing was changed; try again in a moment.',
        { retryAfterSeconds: 1 },
      ),
  });

  private readonly batchSize;
  private readonly batchSeconds;
  private readonly refusals;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly signals: Signals,
    metrics: Metrics,
  ) {
    this.batchSize = metrics.histogram(
      'iron_cage_ledger_batch_commands',
      'Commands committed together',
      [1, 2, 4, 8, 16, 32, 64, 128],
    );
    this.batchSeconds = metrics.histogram(
      'iron_cage_ledger_batch_seconds',
      'Time of one batch, from lock to commit',
      [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    );
    this.refusals = metrics.counter('iron_cage_ledger_refusals_total', 'Commands refused', [
      'code',
    ]);
  }

  /** @returns what came of it; a refusal is an outcome, not an exception */
  submit<C extends Command>(organizationId: string, command: C): Promise<Outcome<C['kind']>> {
    return this.coalescer.submit(organizationId, command) as Promise<Outcome<C['kind']>>;
  }

  /** As {@link submit}, for callers that have no use for a refusal but to pass it on. @throws {AppError} the refusal */
  async execute<C extends Command>(
    organizationId: string,
    command: C,
  ): Promise<Answers[C['kind']]> {
    const outcome = await this.submit(organizationId, command);
    if (outcome.ok) return outcome.value;
    throw asError(outcome.refusal);
  }

  /** Commits commands of one organization together, at once. What does not come in a crowd of its own goes through {@link submit}. */
  async commit(organizationId: string, commands: readonly Command[]): Promise<readonly Outcome[]> {
    const done = this.batchSeconds.startTimer();
    const { outcomes, topics } = await this.commitOnce(organizationId, commands).catch(
      (error: unknown) => {
        // Another replica used the same id at the same moment; a second look finds what it did.
        if (violatedConstraint(error) !== undefined)
          return this.commitOnce(organizationId, commands);
        throw error;
      },
    );
    done();
    this.batchSize.observe(commands.length);
    for (const outcome of outcomes)
      if (!outcome.ok) this.refusals.inc({ code: outcome.refusal.code });
    for (const topic of topics) this.signals.publish({ organizationId, topic });
    return outcomes;
  }

  private commitOnce(
    organizationId: string,
    commands: readonly Command[],
  ): Promise<{ outcomes: readonly Outcome[]; topics: ReadonlySet<Topic> }> {
    return this.unitOfWork.run(organizationId, async (tx) => {
      const set = await loadWorkingSet(tx, organizationId, commands);
      const outcomes = commands.map((command) => decide(set, command));
      announceThresholds(set);
      writeWorkingSet(tx, set);
      return { outcomes, topics: topicsOf(commands, set.changes) };
    });
  }
}

export function asError(refusal: Refusal): AppError {
  return new AppError(refusal.code, refusal.message, {
    ...(refusal.details && { details: refusal.details }),
    ...(ERROR_STATUS[refusal.code] === 429 && { retryAfterSeconds: 5 }),
  });
}
