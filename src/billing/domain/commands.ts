import type { ErrorCode } from '../../kernel/errors.js';
import type { Nano } from '../../kernel/money.js';
import type { LeaseState } from './state.js';
import type { Tokens } from './pricing.js';

/** What an agent asks for. Its request hash tells a repetition from another request under the same id. */
export interface Wish {
  readonly leaseId: string;
  readonly wanted: Nano;
  readonly minimum: Nano;
}

export interface UsageLine {
  readonly id: string;
  readonly provider: string;
  readonly model: string;
  readonly outcome: 'completed' | 'aborted' | 'failed';
  readonly estimated: boolean;
  readonly tokens: Tokens;
  /** As the server prices it. */
  readonly cost: Nano;
  /** As the client reported it. */
  readonly clientCost: Nano;
  readonly pricesVersion: string;
  readonly pricedBy: 'table' | 'client';
  readonly durationMs: number;
}

interface ByAgent {
  readonly projectId: string;
  readonly keyId: string;
  readonly sessionId: string;
  readonly requestHash: Buffer;
}

export interface Acquire extends ByAgent, Wish {
  readonly kind: 'acquire';
}

export interface Settle extends ByAgent {
  readonly kind: 'settle';
  readonly leaseId: string;
  readonly seq: number;
  readonly usage: readonly UsageLine[];
  readonly final: boolean;
  readonly next?: Wish;
}

export interface Transfer {
  readonly kind: 'transfer';
  readonly direction: 'deposit' | 'withdrawal';
  readonly projectId: string;
  readonly requestId: string;
  readonly requestHash: Buffer;
  readonly amount: Nano;
  readonly actor: string;
  readonly reason: string | null;
}

export interface Revoke {
  readonly kind: 'revoke';
  readonly projectId: string;
  readonly leaseId: string;
  readonly actor: string;
}

/** Moves a lease on whose time has come; does nothing to one whose time has not. */
export interface Expire {
  readonly kind: 'expire';
  readonly projectId: string;
  readonly leaseId: string;
}

export type Command = Acquire | Settle | Transfer | Revoke | Expire;

export interface Grant {
  readonly leaseId: string;
  readonly amount: Nano;
  readonly ttlSeconds: number;
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Record<string, unknown>;
}

export interface Settled {
  readonly leaseId: string;
  readonly seq: number;
  readonly state: LeaseState;
  readonly booked: Nano;
  readonly returned: Nano;
  readonly late: Nano;
  readonly next?:
    ({ readonly granted: true } & Grant) | { readonly granted: false; readonly error: Refusal };
}

export interface BalanceAfter {
  readonly projectId: string;
  readonly deposited: Nano;
  readonly spent: Nano;
  readonly leased: Nano;
  readonly available: Nano;
  readonly debt: Nano;
}

export interface Answers {
  acquire: Grant;
  settle: Settled;
  transfer: BalanceAfter;
  revoke: { readonly state: LeaseState };
  expire: { readonly state: LeaseState };
}

export type Outcome<K extends Command['kind'] = Command['kind']> =
  | { readonly ok: true; readonly value: Answers[K] }
  | { readonly ok: false; readonly refusal: Refusal };
