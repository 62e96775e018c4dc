import type { ErrorCode } from '../../kernel/errors.js';
import type { Nano } from '../../kernel/money.js';
import type { Purpose } from './budgets.js';
import type { LeaseState } from './state.js';
import type { Pricing, Tokens } from './pricing.js';

/** What an agent asks for. Its request hash tells a repetition from another request under the same id. */
export interface Wish {
  /** What it is for, as far as the client knows. */
  readonly purpose?: Purpose | undefined;
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
  /** What the server's price was made of. */
  readonly pricing?: Pricing;
  readonly tags: readonly string[];
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
  /** Why this caller may report, but not borrow: the report is booked, `next` is refused. */
  readonly mayNotBorrow?: Refusal;
  /** Of the models in the report those that the key is not for. */
  readonly foreignModels?: readonly string[];
}

export interface Transfer {
  readonly kind: 'transfer';
  /** A correction carries its sign; the others are above zero. */
  readonly direction: 'deposit' | 'withdrawal' | 'correction';
  readonly projectId: string;
  readonly requestId: string;
  readonly requestHash: Buffer;
  readonly amount: Nano;
  readonly actor: string;
  readonly reason: string | null;
}

/** A deposit whose amount depends on what is there when it happens. */
export interface Refill {
  readonly kind: 'refill';
  readonly projectId: string;
  readonly requestId: string;
  readonly requestHash: Buffer;
  readonly mode: 'set-to' | 'add' | 'add-with-cap';
  readonly amount: Nano;
  /** For `add-with-cap`: the free balance is never lifted above it. */
  readonly cap: Nano;
  readonly reason: string;
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
  /** Whose lease it is: what is charged at the end may reach a threshold of a budget of that key. */
  readonly keyId: string;
  readonly leaseId: string;
}

export type Command = Acquire | Settle | Transfer | Refill | Revoke | Expire;

export interface Grant {
  readonly leaseId: string;
  readonly amount: Nano;
  readonly ttlSeconds: number;
  /** When the first of the budgets that hold it starts anew; null: none does. */
  readonly nextResetAt: Date | null;
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
  refill: BalanceAfter;
  revoke: { readonly state: LeaseState };
  expire: { readonly state: LeaseState };
}

export type Outcome<K extends Command['kind'] = Command['kind']> =
  | { readonly ok: true; readonly value: Answers[K] }
  | { readonly ok: false; readonly refusal: Refusal };
