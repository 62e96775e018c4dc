import { type DynamicModule, Global, Injectable, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { DataSource } from 'typeorm';
import { AnalyticsModule } from './analytics/index.js';
import { AnomaliesModule } from './anomalies/index.js';
import { AuditModule } from './audit/index.js';
import { AuthModule, KeySpendCap, SenderBindingGuard } from './auth/index.js';
import { Balances, BillingModule, KeyTotals, PriceBook, SessionSecrets } from './billing/index.js';
import type { AgentPrincipal } from './kernel/principal.js';
import { CONFIG, type Config } from './platform/config/index.js';
import { NotificationsModule } from './notifications/index.js';
import { dashboardFiles } from './platform/dashboard/index.js';
import { Partitions, UnitOfWork } from './platform/database/index.js';
import {
  AccessGuard,
  HealthController,
  HOT_STORE,
  MetricsController,
  RequestLimitsGuard,
} from './platform/http/index.js';
import { Jobs } from './platform/jobs/index.js';
import { RateLimits } from './platform/limits/index.js';
import { Keyring } from './platform/keyring/index.js';
import { type HotStore, RedisThrottlerStorage, Signals } from './platform/redis/index.js';
import { LOGGER, type Logger, Metrics } from './platform/telemetry/index.js';
import { ProjectAccounts, TeamsModule } from './teams/index.js';
import { SecretRevisions, SessionTerms, VaultModule } from './vault/index.js';

/** What exists before Nest does. */
export interface Runtime {
  readonly config: Config;
  readonly logger: Logger;
  readonly dataSource: DataSource;
  readonly keyring: Keyring;
  readonly hot: HotStore;
}

const SHARED = [
  CONFIG,
  LOGGER,
  HOT_STORE,
  DataSource,
  UnitOfWork,
  Partitions,
  Metrics,
  Jobs,
  Keyring,
  Signals,
  RateLimits,
  KeySpendCap,
  ProjectAccounts,
  SessionTerms,
  SessionSecrets,
];

@Injectable()
class BillingTerms extends SessionTerms {
  constructor(private readonly book: PriceBook) {
    super();
  }

  async prices(
    agent: AgentPrincipal,
    providers: readonly string[],
  ): ReturnType<SessionTerms['prices']> {
    const { models, ...prices } = await this.book.bundleFor(agent, providers);
    return { ...prices, models: [...models] };
  }
}

/** The platform for every feature, and the ports that a lower feature declares and a higher one fills. */
@Global()
@Module({})
class RuntimeModule {
  static of({ config, logger, dataSource, keyring, hot }: Runtime): DynamicModule {
    return {
      module: RuntimeModule,
      imports: [AuditModule, BillingModule],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        { provide: HOT_STORE, useValue: hot },
        { provide: DataSource, useValue: dataSource },
        { provide: Keyring, useValue: keyring },
        { provide: Signals, useValue: hot.signals },
        { provide: RateLimits, useValue: new RateLimits(hot.redis) },
        UnitOfWork,
        Partitions,
        Metrics,
        Jobs,
        { provide: KeySpendCap, useClass: KeyTotals },
        { provide: ProjectAccounts, useClass: Balances },
        { provide: SessionTerms, useClass: BillingTerms },
        { provide: SessionSecrets, useClass: SecretRevisions },
      ],
      exports: SHARED,
    };
  }
}

@Module({})
export class AppModule {
  static of(runtime: Runtime): DynamicModule {
    return {
      module: AppModule,
      imports: [
        RuntimeModule.of(runtime),
        ThrottlerModule.forRoot({
          throttlers: [{ ttl: 60_000, limit: 600 }],
          ...(runtime.hot.redis && { storage: new RedisThrottlerStorage(runtime.hot.redis) }),
        }),
        ...dashboardFiles(),
        AuditModule,
        AuthModule,
        TeamsModule,
        VaultModule,
        BillingModule,
        AnomaliesModule,
        AnalyticsModule,
        NotificationsModule,
      ],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_GUARD, useClass: RequestLimitsGuard },
        { provide: APP_GUARD, useExisting: SenderBindingGuard },
      ],
    };
  }
}
