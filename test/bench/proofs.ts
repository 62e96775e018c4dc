import { createSecretKey, randomBytes } from 'node:crypto';
import { SessionProofs } from '../../src/auth/session-proofs.js';
import { sessionKeyOf } from '../../src/auth/domain/session-key.js';
import { newId } from '../../src/kernel/ids.js';
import { generateKey } from '../../src/kernel/iron-cage-key.js';
import { AGENT_PERMISSIONS } from '../../src/kernel/permissions.js';
import type { AgentPrincipal } from '../../src/kernel/principal.js';
import type { Keyring } from '../../src/platform/keyring/index.js';
import { idleJobs } from '../harness/idle-jobs.js';
import { proofHeader } from '../../sdk/src/wire/sender-proof.js';
import { agentsOf } from './leases.js';
import { closedLoop } from './renewals.js';
import { percentile, type Row } from './report.js';
import { BenchSite, type Holder } from './site.js';

const ROUNDS = 5;
const WARM_UP_MS = 1_000;
const MEASURE_MS = 4_000;
const CHECKS = 20_000;
const BATCH = 100;

/** The same renewals with and without proofs, turn by turn, so that a busy machine is busy for both; and one check by itself. */
export async function run(): Promise<readonly Row[]> {
  const checks = await checkRows();
  const site = await BenchSite.start();
  try {
    const organization = await site.organization();
    const plain = await site.holder(organization);
    const bound = await site.boundHolder(organization);
    const rates: { plain: number[]; bound: number[] } = { plain: [], bound: [] };
    for (let round = 0; round < ROUNDS; round++) {
      rates.plain.push(await rate(site, plain));
      rates.bound.push(await rate(site, bound));
    }
    const without = percentile(rates.plain, 0.5);
    const withProofs = percentile(rates.bound, 0.5);
    return [
      ...checks,
      { metric: 'renew', value: without, unit: '/s' },
      {
        metric: 'renew.bound',
        value: withProofs,
        unit: '/s',
        reference: 'renew',
        ratio: withProofs / without,
      },
    ];
  } finally {
    await site.stop();
  }
}

async function rate(site: BenchSite, holder: Holder): Promise<number> {
  const { agents, close } = await agentsOf(site.url, () => holder);
  await Promise.all(agents.map((agent) => agent.begin()));
  const perSecond = await closedLoop(agents, WARM_UP_MS, MEASURE_MS);
  close();
  return perSecond;
}

/** Microseconds of a signature, and of a check: of a session that was seen before, and of one that was not. */
async function checkRows(): Promise<Row[]> {
  const secret = randomBytes(32);
  const { id: keyId, key: bearer } = generateKey('live');
  const agent: AgentPrincipal = {
    kind: 'agent',
    organizationId: newId(),
    projectId: newId(),
    keyId,
    environment: 'live',
    models: [],
    requestsPerMinute: null,
    senderBinding: 'required',
    retired: undefined,
    permissions: AGENT_PERMISSIONS,
  };
  const keyring = {
    serverSecret: () => Promise.resolve({ version: 1, bytes: Buffer.from(secret) }),
  } as unknown as Keyring;
  const proofs = await SessionProofs.open(keyring, idleJobs());
  const path = `/v1/sdk/leases/${newId()}/settlements`;
  const request = { method: 'POST', path, body: randomBytes(700), bearer };
  const signedBy = (sessionId: string, key: Buffer): string =>
    proofHeader(request, { sessionId, keyVersion: 1, timeMs: Date.now() }, key);
  const sessions = Array.from({ length: CHECKS }, () => newId());
  const keyOf = (id: string): Buffer => sessionKeyOf(createSecretKey(secret), agent, id);
  const [one = ''] = sessions;
  const oneKey = keyOf(one);
  const known = signedBy(one, oneKey);
  const headers = sessions.map((id) => signedBy(id, keyOf(id)));
  const rows = [
    row('sign', await each(() => Promise.resolve(signedBy(one, oneKey)))),
    row('check.first', await each((index) => proofs.verify(agent, request, headers[index] ?? ''))),
    row('check', await each(() => proofs.verify(agent, request, known))),
  ];
  return rows;
}

function row(metric: string, us: readonly number[]): Row {
  return { metric, value: percentile(us, 0.5), unit: 'µs' };
}

/** @returns microseconds of one, of each batch after the first tenth */
async function each(work: (index: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let begin = 0; begin < CHECKS; begin += BATCH) {
    const startMs = performance.now();
    for (let index = begin; index < begin + BATCH; index++) await work(index);
    times.push(((performance.now() - startMs) / BATCH) * 1_000);
  }
  return times.slice(times.length / 10);
}
