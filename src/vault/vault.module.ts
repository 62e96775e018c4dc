import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { AuthModule } from '../auth/index.js';
import { TeamsModule } from '../teams/index.js';
import { Bootstrap } from './bootstrap.service.js';
import { DataKeys } from './data/data-keys.js';
import { SecretDelivery } from './delivery.service.js';
import { EarlierSecrets } from './earlier-secrets.js';
import { GrantSweeper } from './grant-sweeper.js';
import { SecretsController } from './http/secrets.controller.js';
import { SessionsController } from './http/sessions.controller.js';
import { VaultController } from './http/vault.controller.js';
import { References } from './references.js';
import { Rewrap } from './rewrap.service.js';
import { SecretFailures } from './secret-failures.js';
import { SecretStore } from './secret-store.js';
import { SecretVersions } from './secret-versions.service.js';
import { Secrets } from './secrets.service.js';
import { VaultKeys } from './vault-keys.service.js';
import { VaultSeal } from './vault-seal.js';

@Module({
  imports: [AuditModule, AuthModule, TeamsModule],
  controllers: [SecretsController, SessionsController, VaultController],
  providers: [
    Bootstrap,
    DataKeys,
    EarlierSecrets,
    GrantSweeper,
    References,
    Rewrap,
    SecretDelivery,
    SecretFailures,
    Secrets,
    SecretStore,
    SecretVersions,
    VaultKeys,
    VaultSeal,
  ],
})
export class VaultModule {}
