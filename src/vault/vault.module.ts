import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { AuthModule } from '../auth/index.js';
import { TeamsModule } from '../teams/index.js';
import { Bootstrap } from './bootstrap.service.js';
import { DataKeys } from './data/data-keys.js';
import { SecretDelivery } from './delivery.service.js';
import { SecretsController } from './http/secrets.controller.js';
import { SessionsController } from './http/sessions.controller.js';
import { Secrets } from './secrets.service.js';

@Module({
  imports: [AuditModule, AuthModule, TeamsModule],
  controllers: [SecretsController, SessionsController],
  providers: [Secrets, DataKeys, SecretDelivery, Bootstrap],
})
export class VaultModule {}
