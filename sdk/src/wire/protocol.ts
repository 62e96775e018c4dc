import type { WireSignedPrices } from '../prices/signed-prices.js';
import type { TokenUsage } from '../prices/usage.js';
import type { PiiPolicy } from '../safety/policy.js';

/** `cap`: set the most that such a call can cost aside; `block`: refuse it. */
export type UnboundedRule = 'cap' | 'block';

/** The messages of the SDK protocol, version 1. Money is a decimal string of dollars. */
export interface WireSession {
  readonly sessionId: string;
  readonly organization: { readonly id: string; readonly name: string };
  readonly project: { readonly id: string; readonly name: string; readonly state: string };
  readonly secrets: {
    readonly enc: string;
    readonly ciphertext: string;
    readonly expiresAt: number;
    readonly ttlSeconds: number;
  };
  readonly policy: {
    readonly trancheSize: string;
    readonly reportIntervalSeconds: number;
    readonly heartbeatSeconds: number;
    /** Whether agents of the project may rehearse; absent: they may not. */
    readonly mode?: 'enforce' | 'observe';
    /** What to do with a call whose cost is not in the request; absent: the server is older. */
    readonly unbounded?: UnboundedRule;
    /** Globs of the models that the key is for; empty or absent: every model. */
    readonly models?: readonly string[];
    readonly pii?: PiiPolicy;
  };
  readonly prices: WireSignedPrices;
  /** Which secrets these are; absent: the server is older. */
  readonly secretsVersion?: string;
}

export interface WireSecret {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly version: number;
  readonly hosts: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
  /** Beginnings of paths; empty or absent: every path of the hosts. */
  readonly paths?: readonly string[];
  /** The header that carries it, where the client does not set one itself. */
  readonly header?: { readonly name: string; readonly value: string } | null;
  /** False: the hosts sell no models, and requests to them are not metered. */
  readonly metered?: boolean;
  /** The server cannot give it now; then it has no fields. */
  readonly unavailable?: {
    readonly code: string;
    readonly message: string;
    /** The names that its fields would have. */
    readonly variables: readonly string[];
  };
}

/** Comes sealed, beside the secrets. */
export interface WireProofKey {
  readonly keyVersion: number;
  /** 32 bytes, base64url. */
  readonly key: string;
  /** The server's clock, milliseconds since 1970. */
  readonly time: number;
}

export interface WireLeaseRequest {
  readonly leaseId: string;
  readonly wanted: string;
  readonly minimum: string;
}

export interface WireLease {
  readonly leaseId: string;
  readonly amount: string;
  readonly ttlSeconds: number;
}

export type Outcome = 'completed' | 'aborted' | 'failed';

/** What the server takes in one record; more would have the whole report refused. */
export const RECORD_LIMITS = {
  /** Of tokens, seconds, characters or anything else that is counted. */
  count: 1_000_000_000,
  durationMs: 86_400_000,
  modelCharacters: 200,
} as const;

export interface WireUsageRecord {
  readonly id: string;
  readonly provider: string;
  readonly model: string;
  readonly outcome: Outcome;
  readonly estimated: boolean;
  readonly tokens: TokenUsage;
  readonly cost: string;
  readonly pricesVersion: string;
  readonly durationMs: number;
  readonly tags?: readonly string[];
  /** How the call was served, where that changes its price. */
  readonly modifiers?: readonly string[];
}

/** Fixed once it is made: a repeated `seq` must carry exactly the same body. */
export interface WireSettlement {
  readonly sessionId: string;
  readonly seq: number;
  readonly usage: readonly WireUsageRecord[];
  readonly final: boolean;
  readonly next?: WireLeaseRequest;
}

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly requestId?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface WireSettled {
  readonly leaseId: string;
  readonly seq: number;
  readonly state: string;
  readonly next?:
    | ({ readonly granted: true } & WireLease)
    | { readonly granted: false; readonly error: WireError };
}

export interface WireState {
  readonly session: 'active' | 'ended' | 'killed';
  readonly key: 'active' | 'revoked';
  readonly project: 'active' | 'paused' | 'archived';
  readonly pricesVersion: string;
  /** Another one than the session's: there are other secrets to fetch. */
  readonly secretsVersion?: string;
  readonly available: string;
  readonly unbounded?: UnboundedRule;
  /** What holds about personal data from now on. */
  readonly pii?: PiiPolicy;
}
