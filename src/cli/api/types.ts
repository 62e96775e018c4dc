/** The answers of the server, as far as the command line reads them; openapi.json has the whole. Money is a decimal string. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface SignIn {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly user: {
    readonly id: string;
    readonly email: string;
    readonly name: string;
    readonly operator: boolean;
  };
  readonly organization: Organization;
  readonly role: string;
}

export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly timeZone: string;
  readonly monthStartsOn: number;
  readonly createdAt: string;
}

export interface Member {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly state: 'active' | 'disabled';
  readonly createdAt: string;
}

export interface Me {
  readonly userId: string;
  readonly email: string;
  readonly organizationId: string;
  readonly role: string;
  readonly permissions: readonly string[];
}

export interface Balance {
  readonly deposited: string;
  readonly spent: string;
  readonly leased: string;
  readonly available: string;
  readonly debt: string;
}

export interface PiiPattern {
  readonly name: string;
  readonly pattern: string;
  readonly action: string;
}

/** An action for each type of data, and what holds for all. */
export interface PiiPolicy {
  readonly [type: string]: string | boolean | readonly PiiPattern[];
  readonly restore: boolean;
  readonly patterns: readonly PiiPattern[];
}

export interface Policy {
  readonly trancheSize: string;
  readonly leaseTtlSeconds: number;
  readonly graceSeconds: number;
  readonly expiry: string;
  readonly maxOpenLeases: number;
  readonly reportIntervalSeconds: number;
  readonly senderBinding: string;
  readonly unbounded: string;
  readonly pii: PiiPolicy;
}

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly pauseReason: string | null;
  readonly policy: Policy;
  readonly balance: Balance;
  readonly activeAgents: number;
  readonly createdAt: string;
}

export interface PauseAnswer {
  readonly project: Project;
  readonly stillLeased: string;
  readonly leasedUntil: string | null;
}

export interface Key {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly environment: string;
  readonly projectName: string;
  readonly state: string;
  readonly createdAt: string;
  readonly scopes: readonly string[];
  readonly allowedAddresses: readonly string[];
  readonly models: readonly string[];
  readonly requestsPerMinute: number | null;
  readonly expiresAt: string;
  readonly expiresSoon: boolean;
  readonly oldSecretUntil: string | null;
  readonly lastUsedAt: string | null;
  readonly recentAddresses: readonly { readonly address: string; readonly lastUsedAt: string }[];
}

export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly hosts: readonly string[];
  readonly fields: readonly string[];
}

export interface Secret {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly projectId: string | null;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly environment: string;
  readonly fields: readonly SecretField[];
  readonly version: number;
  /** Why agents do not get it. */
  readonly problem: { readonly code: string; readonly since: string } | null;
  readonly updatedAt: string;
}

export interface SecretField {
  readonly name: string;
  readonly last4: string;
  readonly reference: string | null;
}

export interface SecretVersion {
  readonly version: number;
  readonly state: string;
  readonly fields: readonly SecretField[];
  readonly liveSessions: number;
  readonly safeToDelete: boolean;
  readonly createdBy: string;
  readonly createdByName: string | null;
  readonly createdAt: string;
}

export interface Vault {
  readonly sealed: boolean;
  readonly sealedAt: string | null;
  readonly masterKeyId: string;
  readonly dataKeyVersion: number;
  readonly dataKeyCreatedAt: string | null;
  readonly remaining: number;
  readonly wrappedElsewhere: number;
}

export interface Lease {
  readonly id: string;
  readonly projectName: string;
  readonly keyId: string;
  readonly agent: string;
  readonly ip: string;
  readonly state: string;
  readonly amount: string;
  readonly used: string;
  readonly late: string;
  readonly grantedAt: string;
  readonly expiresAt: string;
}

export interface LedgerEntry {
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly amount: string;
  readonly leaseId: string | null;
  readonly actor: string;
  readonly reason: string | null;
}

export interface LedgerCheck {
  readonly ok: boolean;
  readonly checkedAccounts: number;
  readonly findings: readonly {
    readonly invariant: string;
    readonly subject: string;
    readonly expected: string;
    readonly found: string;
  }[];
}

export interface UsageSummary {
  readonly today: string;
  readonly yesterday: string;
  readonly month: string;
  readonly calls: number;
  readonly byModel: readonly {
    readonly provider: string;
    readonly model: string;
    readonly cost: string;
    readonly calls: number;
    readonly inputTokens: number;
    readonly outputTokens: number;
  }[];
  readonly byProject: readonly {
    readonly projectName: string;
    readonly cost: string;
    readonly calls: number;
  }[];
}

export interface AuditEvent {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly actorName: string | null;
  readonly action: string;
  readonly target: string;
  readonly targetName: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface PriceList {
  readonly version: string;
  readonly markupBasisPoints: number;
  readonly items: readonly {
    readonly provider: string;
    readonly model: string;
    readonly source: 'table' | 'override';
    readonly inputPerMillion: string | null;
    readonly cacheReadPerMillion: string | null;
    readonly outputPerMillion: string | null;
    readonly otherRates: readonly {
      readonly unit: string;
      readonly rate: string;
      readonly per: number;
    }[];
    readonly contextTokens: number | null;
    readonly maxOutputTokens: number | null;
  }[];
}

export interface Readiness {
  readonly status: string;
  readonly database: string;
  readonly redis: string;
  readonly version: string;
  readonly time: string;
}

export interface AgentSession {
  readonly id: string;
  readonly projectName: string;
  readonly keyId: string;
  readonly agent: string;
  readonly host: string;
  readonly pid: number;
  readonly ip: string;
  readonly state: 'active' | 'silent' | 'ended' | 'killed';
  readonly bound: boolean;
  readonly lastSeenAt: string;
  readonly openLeases: number;
  readonly held: string;
}

export interface KillAnswer {
  readonly session: AgentSession;
  readonly revokedLeases: number;
  readonly returned: string;
}

export interface Alert {
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly summary: string;
  readonly projectName: string | null;
}

export interface Anomaly {
  readonly id: string;
  readonly projectName: string;
  readonly keyName: string;
  readonly summary: string;
  readonly action: string;
  readonly times: number;
  readonly firstAt: string;
  readonly releasedAt: string | null;
}

export interface AnomalyPolicy {
  readonly addresses: string;
  readonly velocity: string;
  readonly groups: readonly { readonly name: string; readonly ranges: readonly string[] }[];
}

export interface Storage {
  readonly months: readonly {
    readonly month: string;
    readonly entriesBytes: number;
    readonly settlementsBytes: number;
    readonly usageBytes: number;
    readonly rows: number | null;
    readonly state: string;
  }[];
  readonly strays: number;
  readonly droppedBefore: string | null;
}

export interface UsageByTime {
  readonly items: readonly {
    readonly start: string;
    readonly projectId: string | null;
    readonly keyId: string | null;
    readonly provider: string | null;
    readonly model: string | null;
    readonly cost: string;
    readonly calls: number;
    readonly inputTokens: number;
    readonly outputTokens: number;
  }[];
  readonly isCut: boolean;
}
