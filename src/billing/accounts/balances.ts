import { Injectable } from '@nestjs/common';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';
import { ProjectAccounts } from '../../teams/index.js';
import type { BalanceAfter } from '../domain/commands.js';
import { balanceOf } from '../domain/transfer.js';

const COLUMNS = 'project_id, deposited_nano, overdraft_nano, reserved_nano, settled_nano';

/** What the teams feature needs to know of money. */
@Injectable()
export class Balances extends ProjectAccounts {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async open(tx: Tx, organizationId: string, projectId: string): Promise<void> {
    await tx.query('INSERT INTO accounts (organization_id, project_id) VALUES ($1, $2)', [
      organizationId,
      projectId,
    ]);
  }

  /** Every grant takes this lock before it reads the project's state; whoever holds it while changing the state is seen by the next. */
  async lock(tx: Tx, organizationId: string, projectId: string): Promise<void> {
    await tx.query(
      'SELECT 1 FROM accounts WHERE organization_id = $1 AND project_id = $2 FOR UPDATE',
      [organizationId, projectId],
    );
  }

  async balances(
    organizationId: string,
    projectIds: readonly string[],
  ): Promise<ReadonlyMap<string, BalanceAfter>> {
    const rows = await this.unitOfWork.read<AccountRow>(
      organizationId,
      `SELECT ${COLUMNS} FROM accounts WHERE organization_id = $1 AND project_id = ANY($2::uuid[])`,
      [organizationId, projectIds],
    );
    return new Map(rows.map((row) => [row.project_id, balanceOf(figures(row))]));
  }

  async openLeases(
    tx: Tx,
    organizationId: string,
    projectId: string,
  ): Promise<{ open: number; held: bigint }> {
    const [row] = await tx.query<{ open: number; held: bigint }>(
      `SELECT count(*)::int AS open, coalesce(sum(amount_nano - used_nano), 0)::bigint AS held
       FROM leases WHERE organization_id = $1 AND project_id = $2 AND state IN ('PENDING', 'EXPIRED_HOLD')`,
      [organizationId, projectId],
    );
    return row ?? { open: 0, held: 0n };
  }

  async exposure(
    tx: Tx,
    organizationId: string,
    projectId: string,
  ): Promise<{ leased: bigint; until: Date | null }> {
    const [row] = await tx.query<{ leased: bigint; until: Date | null }>(
      `SELECT coalesce(sum(amount_nano - used_nano), 0)::bigint AS leased, max(expires_at) AS until
       FROM leases WHERE organization_id = $1 AND project_id = $2 AND state = 'PENDING'`,
      [organizationId, projectId],
    );
    return row ?? { leased: 0n, until: null };
  }
}

interface AccountRow {
  project_id: string;
  deposited_nano: bigint;
  overdraft_nano: bigint;
  reserved_nano: bigint;
  settled_nano: bigint;
}

function figures(row: AccountRow): Parameters<typeof balanceOf>[0] {
  return {
    projectId: row.project_id,
    deposited: row.deposited_nano,
    overdraft: row.overdraft_nano,
    reserved: row.reserved_nano,
    settled: row.settled_nano,
  };
}
