import { hash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AppError, databaseDown, keyInvalid } from '../kernel/errors.js';
import { parseKey } from '../kernel/iron-cage-key.js';
import { UNCONFIRMED_AGENT_PERMISSIONS } from '../kernel/permissions.js';
import type { AgentPrincipal } from '../kernel/principal.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { AccessEpochs } from './access-epochs.js';
import { KeyRecords } from './data/key-records.js';
import { KeyCheckStore } from './data/key-check-store.js';
import {
  agentOf,
  factsOf,
  judgeKey,
  type KeyCheckRow,
  type KnownAgent,
} from './domain/key-facts.js';
import { hashKey, keyMatches, leakHash, sha256Of } from './domain/key-hash.js';
import { type Found, RecentPrincipals } from './domain/recent-principals.js';
import { KeyGuesses } from './key-guesses.js';
import { KeyPeppers } from './key-peppers.js';
import { KeyUse } from './key-use.js';

/** A revocation is heard of within a second; this bounds what a key is believed for when nothing is heard at all. */
const REMEMBER_MS = 10_000;
const CAPACITY = 10_000;
/** While the database is down, what was found out about a key within this time is enough for a heartbeat. */
const UNCONFIRMED_MS = 60_000;
/** Who has a memory to fall back on does not wait for a database that hangs until its query is given up. */
const ANSWER_LIMIT_MS = 2_000;

/**
 * Who a key belongs to: form and checksum first, without looking anything up; then what this process remembers; then Redis, in one
 * round trip; then PostgreSQL, which alone is the truth.
 */
@Injectable()
export class KeyAuthenticator implements OnModuleDestroy {
  private readonly recent = new RecentPrincipals<KnownAgent>({
    lifetimeMs: REMEMBER_MS,
    capacity: CAPACITY,
  });
  private readonly stopListening: () => void;

  constructor(
    private readonly keys: KeyCheckStore,
    private readonly records: KeyRecords,
    private readonly peppers: KeyPeppers,
    private readonly guesses: KeyGuesses,
    private readonly use: KeyUse,
    private readonly epochs: AccessEpochs,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.stopListening = epochs.subscribe((organizationId) => {
      this.recent.forget(organizationId);
      this.guesses.forget();
    });
  }

  /**
   * @param ip the client's address, behind trusted proxies only
   * @throws {AppError} KEY_MALFORMED before anything is looked up; KEY_INVALID, alike for an unknown id and a wrong secret; KEY_REVOKED
   *   and KEY_EXPIRED for the right secret of a key that is over; KEY_ADDRESS_REFUSED; RATE_LIMITED
   */
  async authenticate(key: string, ip: string): Promise<AgentPrincipal> {
    const parsed = parseKey(key);
    if (!parsed) {
      throw new AppError(
        'KEY_MALFORMED',
        'This is not a whole Iron Cage key: it was cut or mistyped. Copy it again from where you stored it.',
      );
    }
    const credential = hash('sha256', key, 'base64');
    const believed = this.epochs.isFresh();
    const agent =
      (believed ? this.recent.peek(credential) : undefined) ??
      (await this.resolve(credential, parsed.id, key, ip));
    if (agent.allowed && !agent.allowed.includes(ip)) throw addressRefused(agent, ip);
    if (agent.retired === undefined && !agent.unconfirmed) this.use.note(agent, ip);
    return agent;
  }

  onModuleDestroy(): void {
    this.stopListening();
  }

  private async resolve(
    credential: string,
    keyId: string,
    key: string,
    ip: string,
  ): Promise<KnownAgent> {
    // Who was let in a moment ago does not pay for what others of the same network guess.
    if (!this.recent.knew(credential)) this.guesses.refuseKnown(credential, ip);
    const before = this.recent.lastFound(credential, UNCONFIRMED_MS);
    try {
      const looking = this.recent.lookAgain(credential, () => this.look(keyId, key));
      const agent = await (before ? orTooLate(looking) : looking);
      if (!agent) throw new Error('the check of a key neither accepted nor refused it');
      return agent;
    } catch (error) {
      // Not the memory from before: the key may have been taken away meanwhile.
      const last = this.recent.lastFound(credential, UNCONFIRMED_MS);
      if (isDown(error) && last?.retired === undefined && last !== undefined)
        return { ...last, unconfirmed: true, permissions: UNCONFIRMED_AGENT_PERMISSIONS };
      if (this.guesses.note(credential, ip, error)) this.recent.drop(credential);
      throw error;
    }
  }

  private async look(keyId: string, key: string): Promise<Found<KnownAgent>> {
    const shared = await this.records.get(keyId, key);
    if (shared && this.epochs.isCurrent(shared.facts.organizationId, shared.epoch)) {
      return { principal: agentOf(shared.facts), leftMs: shared.leftMs };
    }
    const row = await this.keys.find(keyId);
    const slot = await this.slotOf(key, row);
    if (!row || !slot) throw keyInvalid(`key ${keyId} refused`);
    const { retired, leftMs } = judgeKey(row, slot);
    const facts = factsOf(row);
    if (retired === undefined) {
      this.records.put(key, { facts, epoch: row.epoch, leftMs });
      if (slot === 'current') this.rehash(key, row);
    }
    return { principal: agentOf(facts, retired), leftMs };
  }

  /** The same work whatever there is: two hashes, two comparisons. */
  private async slotOf(
    key: string,
    row: KeyCheckRow | undefined,
  ): Promise<'current' | 'previous' | undefined> {
    const newest = this.peppers.current.version;
    const pepper = await this.peppers.of(row?.pepperVersion ?? newest);
    const before = await this.peppers.of(row?.previous?.pepperVersion ?? newest);
    const isCurrent = keyMatches(pepper, key, row);
    const isPrevious = keyMatches(before, key, row?.previous);
    if (isCurrent) return 'current';
    return isPrevious ? 'previous' : undefined;
  }

  /** Only who shows a key lets us hash it anew: under a newer pepper, or for leak reports, which came later. In the background. */
  private rehash(key: string, row: KeyCheckRow): void {
    const pepper = this.peppers.current;
    if (row.pepperVersion === pepper.version && row.hasLeakHash) return;
    const fresh = {
      ...hashKey(pepper, key),
      leakHash: leakHash(this.peppers.leakKey, sha256Of(key)),
    };
    this.keys.rehash(row, fresh).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'a key could not be hashed anew; its next use tries again');
    });
  }
}

function isDown(error: unknown): boolean {
  return error instanceof AppError && error.code === 'UNAVAILABLE';
}

async function orTooLate<T>(work: Promise<T>): Promise<T> {
  const late = setTimeout(ANSWER_LIMIT_MS, undefined, { ref: false }).then(() => {
    throw databaseDown();
  });
  return Promise.race([work, late]);
}

function addressRefused({ keyId }: AgentPrincipal, ip: string): AppError {
  return new AppError(
    'KEY_ADDRESS_REFUSED',
    `This key may not be used from ${ip}. Run the agent where the key is for, or ask for this address to be added to the key.`,
    { internal: `key ${keyId} from ${ip}, which is not in its list` },
  );
}
