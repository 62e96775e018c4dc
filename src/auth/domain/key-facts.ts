import { AddressRanges } from '../../kernel/address-ranges.js';
import { keyRetired } from '../../kernel/errors.js';
import type { KeyEnvironment } from '../../kernel/iron-cage-key.js';
import {
  type KeyScope,
  permissionsOfScopes,
  RETIRED_AGENT_PERMISSIONS,
} from '../../kernel/permissions.js';
import type { AgentPrincipal, SenderBinding } from '../../kernel/principal.js';
import type { StoredHash } from './key-hash.js';

/** How long after its end a key may still report usage. */
export const REPORT_AFTER_END_MS = 86_400_000;

/** What a key stands for. Nothing in it is secret. */
export interface KeyFacts {
  readonly organizationId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly environment: KeyEnvironment;
  readonly scopes: readonly KeyScope[];
  /** CIDR ranges; none: every address. */
  readonly ranges: readonly string[];
  readonly models: readonly string[];
  readonly requestsPerMinute: number | null;
  /** Of its project. */
  readonly senderBinding: SenderBinding;
}

/** What the check of a key reads. */
export interface KeyCheckRow extends KeyFacts, StoredHash {
  readonly previous: StoredHash | null;
  /** Until the secret before the last rotation ends; below zero after it, null without one. */
  readonly previousLeftMs: number | null;
  /** Since it was revoked, blocked or expired, by the database's clock; below zero while it is good. */
  readonly retiredMs: number;
  readonly revoked: boolean;
  readonly blocked: boolean;
  readonly hasLeakHash: boolean;
  readonly projectEnvironment: KeyEnvironment | 'any';
  /** The access epoch of its organization, of the same moment. */
  readonly epoch: bigint;
}

/** Of what the check reads, what the key stands for: the rest stays in the process. */
export function factsOf(row: KeyCheckRow): KeyFacts {
  const { organizationId, projectId, keyId, environment, scopes, ranges, models } = row;
  const { requestsPerMinute, senderBinding } = row;
  return {
    organizationId,
    projectId,
    keyId,
    environment,
    scopes,
    ranges,
    models,
    requestsPerMinute,
    senderBinding,
  };
}

/** An agent, and from where it may come. */
export interface KnownAgent extends AgentPrincipal {
  readonly allowed: AddressRanges | undefined;
}

/** @param retired why it may only report, if that is so */
export function agentOf(facts: KeyFacts, retired?: AgentPrincipal['retired']): KnownAgent {
  const { scopes, ranges, ...rest } = facts;
  return {
    kind: 'agent',
    ...rest,
    retired,
    permissions: retired === undefined ? permissionsOfScopes(scopes) : RETIRED_AGENT_PERMISSIONS,
    allowed: ranges.length === 0 ? undefined : new AddressRanges(ranges),
  };
}

export interface Judged {
  readonly retired: AgentPrincipal['retired'];
  /** For how long this may be believed at most. */
  readonly leftMs: number;
}

/**
 * What the right secret of a key is good for now.
 *
 * @param slot which of its secrets was shown
 * @throws {AppError} KEY_REVOKED, KEY_BLOCKED or KEY_EXPIRED when not even reports are taken any more
 */
export function judgeKey(row: KeyCheckRow, slot: 'current' | 'previous'): Judged {
  const replacedMs = slot === 'previous' ? -(row.previousLeftMs ?? 0) : -Infinity;
  const retiredMs = Math.max(row.retiredMs, replacedMs);
  if (retiredMs >= 0) {
    const reason = row.retiredMs < 0 ? 'replaced' : endOf(row);
    if (retiredMs >= REPORT_AFTER_END_MS) throw keyRetired(reason);
    return { retired: reason, leftMs: REPORT_AFTER_END_MS - retiredMs };
  }
  const foreign = row.projectEnvironment !== 'any' && row.projectEnvironment !== row.environment;
  return { retired: foreign ? 'foreign' : undefined, leftMs: -retiredMs };
}

function endOf({ revoked, blocked }: KeyCheckRow): 'revoked' | 'blocked' | 'expired' {
  if (revoked) return 'revoked';
  return blocked ? 'blocked' : 'expired';
}
