import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Cage, type CageSurroundings } from '../../sdk/src/core/cage.js';
import type { IronCageOptions } from '../../sdk/src/core/options.js';
import { checksumOf } from '../../sdk/src/identity/iron-cage-key.js';
import {
  startCountingProvider,
  type CountingProvider,
  type ProviderRates,
} from '../harness/counting-provider.js';
import { FakeServer, nano, type FakeServerOptions, type Json } from './fake-server.js';

export const MINI = 'gpt-4o-mini';
export const CLAUDE = 'claude-opus-4-6';
export const REAL_OPENAI_KEY = 'sk-proj-real-openai-key-0123456789';
export const REAL_ANTHROPIC_KEY = 'sk-ant-real-anthropic-key-0123456789';

export const rates: Record<string, ProviderRates> = {
  [MINI]: { input: 150_000n, output: 600_000n, cacheRead: 75_000n },
  'gpt-5-mini': { input: 250_000n, output: 2_000_000n, cacheRead: 25_000n },
  [CLAUDE]: {
    input: 3_000_000n,
    output: 15_000_000n,
    cacheRead: 300_000n,
    cacheWrite: 3_750_000n,
  },
  'text-embedding-3-small': { input: 20_000n, output: 0n },
};

export function models(): Json[] {
  return Object.entries(rates).map(([id, rate]) => ({
    provider: id.startsWith('claude') ? 'anthropic' : 'openai',
    id,
    match: { or: [{ equals: id }, { starts_with: `${id}-` }] },
    contextTokens: 128_000,
    ...(id.startsWith('text-') ? {} : { maxOutputTokens: 16_384 }),
    periods: [
      {
        rates: {
          input: rate.input.toString(),
          output: rate.output.toString(),
          ...(rate.cacheRead === undefined ? {} : { cacheRead: rate.cacheRead.toString() }),
          ...(rate.cacheWrite === undefined ? {} : { cacheWrite5m: rate.cacheWrite.toString() }),
        },
      },
    ],
  }));
}

/** A key that passes the offline check, made from random digits. */
export function makeKey(environment: 'dev' | 'live' = 'dev'): string {
  const hex = randomBytes(20).toString('hex');
  const body = `ic_${environment}_${hex.slice(0, 8)}_${hex.slice(8, 40)}`;
  return body + checksumOf(body);
}

export interface Rig {
  readonly server: FakeServer;
  readonly provider: CountingProvider;
  readonly cage: Cage;
  readonly environment: NodeJS.ProcessEnv;
  readonly key: string;
  readonly journalDir: string;
  close(): Promise<void>;
}

export interface RigOptions extends Partial<FakeServerOptions> {
  readonly cage?: IronCageOptions;
  readonly surroundings?: Partial<CageSurroundings>;
  /** What the provider charges, when not for the usual models. */
  readonly providerPrices?: Record<string, ProviderRates>;
  /** Whose key the only secret is: PROVIDER_API_KEY. */
  readonly secretProvider?: string;
}

/** A server, a provider and a started cage, wired together. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const provider = await startCountingProvider({ prices: options.providerPrices ?? rates });
  const server = await FakeServer.start({
    secrets:
      options.secretProvider === undefined
        ? secretsFor(provider)
        : [
            {
              provider: options.secretProvider,
              hosts: [provider.host],
              fields: { PROVIDER_API_KEY: 'real-provider-key' },
            },
          ],
    models: models(),
    ...options,
  });
  const environment: NodeJS.ProcessEnv = {};
  const key = makeKey();
  const journalDir = mkdtempSync(join(tmpdir(), 'iron-cage-journal-'));
  const cage = new Cage(
    { key, url: server.url, handleExit: false, journalDir, ...options.cage },
    { environment, ...options.surroundings },
  );
  await cage.start();
  return {
    server,
    provider,
    cage,
    environment,
    key,
    journalDir,
    async close() {
      await cage.close();
      await provider.close();
      await server.close();
      rmSync(journalDir, { recursive: true, force: true });
    },
  };
}

export function secretsFor(provider: CountingProvider): FakeServerOptions['secrets'] {
  return [
    { provider: 'openai', hosts: [provider.host], fields: { OPENAI_API_KEY: REAL_OPENAI_KEY } },
    {
      provider: 'anthropic',
      // The same fake machine under another loopback name, as a different host.
      hosts: [provider.host.replace('127.0.0.1', 'localhost')],
      fields: { ANTHROPIC_API_KEY: REAL_ANTHROPIC_KEY },
    },
  ];
}

/** The base address under which the fake provider speaks Anthropic's protocol. */
export function anthropicUrl(provider: CountingProvider): string {
  return provider.url.replace('127.0.0.1', 'localhost');
}

/** A refusal takes less than this in every framework; one retry alone waits for longer. */
export const REFUSAL_MS = 50;
const TRIES_MAX = 20;

/** The quickest of several refusals: what a busy machine adds to some of them is not the SDK's. */
export async function fastestRefusalMs(refuse: () => Promise<unknown>): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES_MAX && fastest >= REFUSAL_MS; tries += 1) {
    const startedMs = performance.now();
    await refuse();
    fastest = Math.min(fastest, performance.now() - startedMs);
  }
  return fastest;
}

/** Waits until `check` holds; fails with `what` after five seconds. */
export async function until(what: string, check: () => boolean): Promise<void> {
  for (let round = 0; round < 500; round += 1) {
    if (check()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`did not happen: ${what}`);
}

export function chatRequest(body: Json = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: MINI,
      messages: [{ role: 'user', content: 'Say hello.' }],
      max_tokens: 100,
      ...body,
    }),
  };
}

/** What the SDK reported, in nano-dollars. */
export function nanoTotal(records: readonly Json[]): bigint {
  return records.reduce((sum, record) => sum + nano(String(record['cost'])), 0n);
}
