import { isDeepStrictEqual } from 'node:util';
import { newId } from '../../src/kernel/ids.js';
import { parseMoney, printMoney } from '../../src/kernel/money.js';
import { type Json, sessionRequest, usage } from '../harness/installation.js';

/** What the agents know from answers that reached them. The ledger must know exactly the same. */
export class Tally {
  attempts = 0;
  granted = 0;
  refused = 0;
  reports = 0;
  repeated = 0;
  retries = 0;
  spent = 0n;
  late = 0n;
}

/** Numbers that look random and come again with the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ATTEMPT_LIMIT_MS = 20_000;
/** Like the SDK: an answer that did not come, or a server in trouble, means the same request again, perhaps to another replica. */
const AGAIN = new Set([502, 503, 504]);

/** All of an answer but the id of its request. */
function known({ status, body: { error, ...rest } }: { status: number; body: Json }): unknown {
  return { status, rest, code: error?.code, message: error?.message, details: error?.details };
}

interface Lease {
  readonly id: string;
  readonly amount: bigint;
}

/** Borrows, spends and reports until nobody needs another lease. */
export class ChaosAgent {
  private session = '';

  constructor(
    private readonly options: {
      readonly urls: readonly string[];
      readonly key: string;
      readonly random: () => number;
      readonly tally: Tally;
      /** @returns whether another lease is to be asked for */
      readonly more: () => boolean;
    },
  ) {}

  async run(): Promise<void> {
    const { more } = this.options;
    const { body } = await this.send('/v1/sdk/sessions', sessionRequest());
    this.session = body['sessionId'] as string;
    let lease: Lease | undefined;
    while (lease ?? more()) {
      lease ??= await this.borrow();
      if (!lease) continue;
      // One in fifty agents dies with its lease: the server must get the money back by itself.
      lease = this.options.random() < 0.02 ? undefined : await this.work(lease);
    }
  }

  private wish(): { leaseId: string; wanted: string; minimum: string } {
    this.options.tally.attempts++;
    return { leaseId: newId(), wanted: '0.02', minimum: '0.005' };
  }

  private async borrow(): Promise<Lease | undefined> {
    const wish = { ...this.wish(), sessionId: this.session };
    const { status, body } = await this.send('/v1/sdk/leases', wish);
    if (status === 201) return this.granted(body);
    if (status !== 402) throw new Error(`lease: ${status} ${JSON.stringify(body)}`);
    this.options.tally.refused++;
    return undefined;
  }

  /** Reports in up to three parts; the last one takes the next tranche with it, as often as not. */
  private async work(lease: Lease): Promise<Lease | undefined> {
    const { random, tally, more } = this.options;
    const parts = 1 + Math.floor(random() * 3);
    for (let seq = 1; seq <= parts; seq++) {
      const final = seq === parts;
      const cost = BigInt(Math.floor((random() * Number(lease.amount)) / parts));
      const next = final && random() < 0.5 && more() ? this.wish() : undefined;
      const line = usage({}, { provider: 'nobody', model: 'counted', cost: printMoney(cost) });
      const answer = await this.send(`/v1/sdk/leases/${lease.id}/settlements`, {
        sessionId: this.session,
        seq,
        usage: [line],
        final,
        ...(next && { next }),
      });
      if (answer.status !== 200)
        throw new Error(`report: ${answer.status} ${JSON.stringify(answer.body)}`);
      if (parseMoney(answer.body['booked'] as string) !== cost)
        throw new Error(`${answer.body['booked']} was booked of ${cost}`);
      tally.reports++;
      tally.spent += cost;
      tally.late += parseMoney(answer.body['late'] as string) ?? 0n;
      if (next && answer.body['next'].granted) return this.granted(answer.body['next']);
      if (next) tally.refused++;
    }
    return undefined;
  }

  private granted(body: Json): Lease {
    this.options.tally.granted++;
    return { id: body['leaseId'] as string, amount: parseMoney(body['amount'] as string) ?? 0n };
  }

  /** Until there is an answer. Now and then the same again: it must be the same answer. */
  private async send(path: string, body: object): Promise<{ status: number; body: Json }> {
    const { random, tally } = this.options;
    const answer = await this.persist(path, body);
    if (random() >= 0.05 || path.endsWith('sessions')) return answer;
    const again = await this.persist(path, body);
    tally.repeated++;
    if (!isDeepStrictEqual(known(again), known(answer)))
      throw new Error(
        `the same request got another answer:\n${JSON.stringify(answer)}\n${JSON.stringify(again)}`,
      );
    return answer;
  }

  private async persist(path: string, body: object): Promise<{ status: number; body: Json }> {
    const { urls, key, random, tally } = this.options;
    for (let attempt = 0; ; attempt++) {
      const url = urls[Math.floor(random() * urls.length)] ?? '';
      try {
        const response = await fetch(url + path, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(ATTEMPT_LIMIT_MS),
        });
        const answer = (await response.json()) as Json;
        if (!AGAIN.has(response.status)) return { status: response.status, body: answer };
      } catch (error) {
        if (attempt > 500) throw error;
      }
      tally.retries++;
      await new Promise((resolve) =>
        setTimeout(resolve, 20 + random() * 80 * Math.min(attempt + 1, 10)),
      );
    }
  }
}
