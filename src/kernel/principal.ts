import type { KeyEnvironment } from './iron-cage-key.js';
import type { Permission, Role } from './permissions.js';

/** A signed-in person, acting in one organization. */
export interface UserPrincipal {
  readonly kind: 'user';
  readonly organizationId: string;
  readonly userId: string;
  readonly email: string;
  readonly role: Role;
  readonly permissions: ReadonlySet<Permission>;
}

/** A running agent that showed an Iron Cage key. */
export interface AgentPrincipal {
  readonly kind: 'agent';
  readonly organizationId: string;
  readonly projectId: string;
  readonly keyId: string;
  /** Of the key: what a `dev` key must not have, it does not get. */
  readonly environment: KeyEnvironment;
  readonly permissions: ReadonlySet<Permission>;
}

export type Principal = UserPrincipal | AgentPrincipal;

/** How a principal is named in ledger entries and the audit trail. */
export function actorOf(principal: Principal): string {
  return principal.kind === 'user' ? `user:${principal.userId}` : `key:${principal.keyId}`;
}
