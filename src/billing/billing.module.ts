import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { AuthModule } from '../auth/index.js';
import { TeamsModule } from '../teams/index.js';
import { LedgerAuditJob } from './accounts/ledger-audit.job.js';
import { LedgerCheck } from './accounts/ledger-check.js';
import { Transfers } from './accounts/transfers.js';
import { Asks } from './budgets/asks.service.js';
import { BudgetStore } from './budgets/budget-store.js';
import { Budgets } from './budgets/budgets.service.js';
import { Refills } from './budgets/refills.service.js';
import { AdminBillingController } from './http/admin-billing.controller.js';
import { AgentBillingController } from './http/agent-billing.controller.js';
import { BudgetsController } from './http/budgets.controller.js';
import { PricesController } from './http/prices.controller.js';
import { AgentSessionsController } from './http/sessions.controller.js';
import { StorageController } from './http/storage.controller.js';
import { AgentLeases } from './leases/agent-leases.js';
import { LeaseDirectory } from './leases/lease-directory.js';
import { Ledger } from './leases/ledger.service.js';
import { SessionDirectory } from './leases/session-directory.js';
import { SessionWatch } from './leases/session-watch.js';
import { LeaseSweeper } from './leases/sweeper.js';
import { ListPrices } from './prices/list-prices.js';
import { PriceBook } from './prices/price-book.js';
import { PriceRecompute } from './prices/price-recompute.js';
import { PriceRules } from './prices/price-rules.service.js';
import { OldMonths } from './storage/old-months.js';
import { PartitionsJob } from './storage/partitions.job.js';
import { UsageRollups } from './usage/usage-rollups.js';

@Module({
  imports: [AuditModule, AuthModule, TeamsModule],
  controllers: [
    AdminBillingController,
    AgentBillingController,
    AgentSessionsController,
    BudgetsController,
    PricesController,
    StorageController,
  ],
  providers: [
    Ledger,
    AgentLeases,
    LeaseDirectory,
    LeaseSweeper,
    SessionDirectory,
    SessionWatch,
    PriceBook,
    ListPrices,
    PriceRules,
    PriceRecompute,
    Transfers,
    LedgerCheck,
    LedgerAuditJob,
    BudgetStore,
    Budgets,
    Asks,
    Refills,
    UsageRollups,
    OldMonths,
    PartitionsJob,
  ],
  exports: [PriceBook],
})
export class BillingModule {}
