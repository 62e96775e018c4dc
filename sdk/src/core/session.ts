import { hostname } from 'node:os';

import { LeaseUnavailableError } from '../errors/catalogue.js';
import type { Clock } from '../identity/clock.js';
import { parseUsd, type NanoUsd } from '../money/money.js';
import { PriceTable } from '../prices/price-table.js';
import { checkSignature } from '../prices/signed-prices.js';
import type { PiiPolicy } from '../safety/policy.js';
import { DeliveryRequest } from '../secrets/delivery.js';
import { SecretStore } from '../secrets/secret-store.js';
import type { UnboundedRule, WireSession } from '../wire/protocol.js';
import type { Transport } from '../wire/transport.js';
import { UnreachableError } from '../wire/unreachable.js';

export const SDK_VERSION = '0.1.0';
const PROTOCOL = 1;
const RETRY_FIRST_MS = 250;
const ATTEMPT_TIMEOUT_MS = 5_000;

/** What the server handed out at the start, ready for use. */
export interface Session {
  readonly id: string;
  readonly project: WireSession['project'];
  readonly trancheNano: NanoUsd;
  readonly reportIntervalMs: number;
  readonly heartbeatMs: number;
  readonly secrets: SecretStore;
  readonly secretsUntilMs: number;
  readonly secretsLifeMs: number;
  readonly secretsVersion: string | undefined;
  readonly prices: PriceTable;
  /** The project is a rehearsal, so an agent's own rules may be one too. */
  readonly mayObserve: boolean;
  readonly unbounded: UnboundedRule;
  readonly pii: PiiPolicy;
}

export interface SessionOptions {
  readonly agentName: string | undefined;
  readonly timeoutMs: number;
  /** Only prices signed with one of these are believed; empty: any. */
  readonly pricesKeys: readonly string[];
  /** The session that this process has held until now: who stops it stops the new one as well. */
  readonly replaces: string | undefined;
}

/**
 * Starts a session: key check, policy, prices, and the secrets, opened with a key pair that is
 * made for this one delivery. Tries again while the server does not answer.
 * @throws IronCageError with the reason of a refusal; LeaseUnavailableError after `timeoutMs`
 */
export async function startSession(
  transport: Transport,
  clock: Clock,
  options: SessionOptions,
): Promise<Session> {
  const giveUpMs = clock.monotonicMs() + options.timeoutMs;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await requestSession(transport, clock, options);
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      const delayMs = error.retryAfterMs ?? RETRY_FIRST_MS * 2 ** attempt;
      if (clock.monotonicMs() + delayMs >= giveUpMs) {
        throw new LeaseUnavailableError(
          `Iron Cage cannot start: ${transport.base.origin} does not answer. Check ` +
            'IRON_CAGE_URL and that the server runs.',
          { status: 503, cause: error },
        );
      }
      await new Promise<void>((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

async function requestSession(
  transport: Transport,
  clock: Clock,
  options: SessionOptions,
): Promise<Session> {
  const delivery = await DeliveryRequest.create();
  const sentAtMs = clock.monotonicMs();
  const answer = (await transport.call(
    'POST',
    'v1/sdk/sessions',
    {
      protocol: PROTOCOL,
      publicKey: delivery.publicKey,
      nonce: delivery.nonce,
      agent: agentInfo(options.agentName),
      ...(options.replaces !== undefined && { replaces: options.replaces }),
    },
    { timeoutMs: Math.min(ATTEMPT_TIMEOUT_MS, options.timeoutMs), proof: false },
  )) as WireSession;
  const owner = { organizationId: answer.organization.id, projectId: answer.project.id };
  checkSignature(answer.prices, owner, options.pricesKeys);
  const opened = await delivery.open(answer);
  const secrets = new SecretStore(opened.secrets);
  const { policy } = answer;
  const secretsLifeMs = answer.secrets.ttlSeconds * 1_000;
  transport.proofs.add(answer.sessionId, opened.proof);
  return {
    id: answer.sessionId,
    project: answer.project,
    trancheNano: parseUsd(policy.trancheSize),
    reportIntervalMs: policy.reportIntervalSeconds * 1_000,
    heartbeatMs: policy.heartbeatSeconds * 1_000,
    secrets,
    secretsUntilMs: sentAtMs + secretsLifeMs,
    secretsLifeMs,
    secretsVersion: answer.secretsVersion,
    prices: new PriceTable(answer.prices, policy.models),
    mayObserve: policy.mode === 'observe',
    unbounded: policy.unbounded ?? 'cap',
    pii: policy.pii ?? {},
  };
}

function agentInfo(name: string | undefined): Record<string, unknown> {
  return {
    ...(name === undefined ? {} : { name }),
    sdk: `iron-cage-js/${SDK_VERSION}`,
    runtime: `node/${process.versions.node}`,
    host: hostname().slice(0, 200),
    pid: process.pid,
  };
}
