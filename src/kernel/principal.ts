import type { KeyEnvironment } from './iron-cage-key.js';
import type { Permission, Role } from './permissions.js';

/** A signed-in person, acting in one organization. */
export interface UserPrincipal {
  readonly kind: 'user';
  readonly organizationId: string;
  readonly userId: string;
  /** The sign-in that this is. */
  readonly loginId: string;
  readonly email: string;
  readonly role: Role;
  readonly permissions: ReadonlySet<Permission>;
}

/**
 * Why the right secret of a key no longer runs anything: the key was revoked, is blocked, or has expired, the secret was replaced by a rotation, or
 * the project belongs to the other environment.
 */
export type RetiredKey = 'revoked' | 'blocked' | 'expired' | 'replaced' | 'foreign';

export const SENDER_BINDINGS = ['off', 'required'] as const;
/** Of a project: whether a key alone may act for a session, or the session's proof is required. */
export type SenderBinding = (typeof SENDER_BINDINGS)[number];

/** A running agent that showed an Iron Cage key. */
export interface AgentPrincipal {
  readonly kind: 'agent';
  readonly organizationId: string;
  readonly projectId: string;
  readonly keyId: string;
  /** Of the key: what a `dev` key must not have, it does not get. */
  readonly environment: KeyEnvironment;
  /** Globs; none: every model. */
  readonly models: readonly string[];
  /** The key's own limit; null: the server's. */
  readonly requestsPerMinute: number | null;
  /** Whether requests of a session must carry its proof. */
  readonly senderBinding: SenderBinding;
  /** The session whose proof came with this request, if one did. */
  readonly provenSession?: string;
  /** The key is over: it may report what it spent, and nothing else. */
  readonly retired: RetiredKey | undefined;
  /** The database does not answer: this is what the key was a moment ago, and enough for a sign of life. */
  readonly unconfirmed?: true;
  readonly permissions: ReadonlySet<Permission>;
}

export type Principal = UserPrincipal | AgentPrincipal;

/** How a principal is named in ledger entries and the audit trail. */
export function actorOf(principal: Principal): string {
  return principal.kind === 'user' ? `user:${principal.userId}` : `key:${principal.keyId}`;
}
