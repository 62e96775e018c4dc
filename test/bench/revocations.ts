import { openLink } from '../harness/link.js';
import { newId } from '../../src/kernel/ids.js';
import { Connection } from './connection.js';
import { percentile, type Row } from './report.js';
import type { BenchSite, IssuedKey } from './site.js';

/** Revoked at the same time; each is asked for again as soon as it was answered, with a pause that the machine can bear. */
const AT_ONCE = 20;
const PAUSE_MS = 10;
/** Nobody may be let in later than this. */
const HARD_LIMIT_MS = 5_000;

/**
 * How long after a revocation was acknowledged a key is still accepted anywhere. Two servers; one of them lost Redis without being told,
 * so that it hears no signal and has only its own polling.
 */
export async function revocationLags(
  site: BenchSite,
  redis: { readonly port: number },
  count: number,
): Promise<Row[]> {
  // Before the second server starts: each start makes a new set-up link.
  const { organizationId, token } = await site.setUp();
  const link = await openLink({ host: '127.0.0.1', port: redis.port });
  const partitioned = await site.replica({ REDIS_URL: `redis://127.0.0.1:${link.port}` });
  try {
    link.cut();
    const waiting = await site.keys(organizationId, count);
    const lags: number[] = [];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        const watch = await Watch.open([site.url, partitioned.url]);
        for (let key = waiting.pop(); key; key = waiting.pop()) {
          lags.push(await watch.revoke(site.url, token, key));
        }
        watch.close();
      }),
    );
    return [
      { metric: 'revoke.p50', value: percentile(lags, 0.5), unit: 'ms' },
      { metric: 'revoke.p99', value: percentile(lags, 0.99), unit: 'ms' },
      { metric: 'revoke.max', value: Math.max(...lags), unit: 'ms' },
    ];
  } finally {
    await partitioned.stop();
    await link.close();
  }
}

class Watch {
  private constructor(private readonly connections: readonly Connection[]) {}

  static async open(urls: readonly string[]): Promise<Watch> {
    return new Watch(await Promise.all(urls.map((url) => Connection.open(url))));
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }

  /** @returns milliseconds from the acknowledgement to the end of the last request that was let in, over all servers */
  async revoke(url: string, token: string, { id, key }: IssuedKey): Promise<number> {
    for (const connection of this.connections) {
      if (!(await isLetIn(connection, key))) throw new Error('a good key was refused');
    }
    const answer = await fetch(`${url}/v1/keys/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    });
    if (!answer.ok) throw new Error(`the revocation was answered with ${answer.status}`);
    const revokedMs = performance.now();
    const lags = await Promise.all(
      this.connections.map(async (connection) => {
        let lastMs = 0;
        while (await isLetIn(connection, key)) {
          lastMs = performance.now() - revokedMs;
          if (lastMs > HARD_LIMIT_MS) throw new Error(`still let in after ${lastMs} ms`);
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        }
        return lastMs;
      }),
    );
    return Math.max(...lags);
  }
}

/** A session that nobody has: 404 says that the key was accepted. */
async function isLetIn(connection: Connection, key: string): Promise<boolean> {
  const path = `/v1/sdk/sessions/${newId()}/heartbeat`;
  const { status, body } = await connection.post(path, key, '{}');
  if (status === 404) return true;
  if (status === 401) return false;
  throw new Error(`the key was answered with ${status}: ${body}`);
}
