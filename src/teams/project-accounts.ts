import type { Nano } from '../kernel/money.js';
import type { Tx } from '../platform/database/index.js';

export interface ProjectBalance {
  readonly deposited: Nano;
  readonly spent: Nano;
  readonly leased: Nano;
  readonly available: Nano;
  readonly debt: Nano;
}

/** What running agents may still spend of what they hold. */
export interface Exposure {
  readonly leased: Nano;
  /** When the last open lease runs out. */
  readonly until: Date | null;
}

/** Port: the money side of a project. Bound to the billing feature where the application is put together. */
export abstract class ProjectAccounts {
  /** An empty account for a project that was just created. */
  abstract open(tx: Tx, organizationId: string, projectId: string): Promise<void>;

  /** Until `tx` ends no grant of this project commits. Every grant takes the same lock first. */
  abstract lock(tx: Tx, organizationId: string, projectId: string): Promise<void>;

  abstract balances(
    organizationId: string,
    projectIds: readonly string[],
  ): Promise<ReadonlyMap<string, ProjectBalance>>;

  /** Leases that are not settled, and what is left in them. */
  abstract openLeases(
    tx: Tx,
    organizationId: string,
    projectId: string,
  ): Promise<{ readonly open: number; readonly held: Nano }>;

  abstract exposure(tx: Tx, organizationId: string, projectId: string): Promise<Exposure>;
}
