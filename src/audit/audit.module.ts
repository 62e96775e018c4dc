import { Module } from '@nestjs/common';
import { AuditTrail } from './audit-trail.js';
import { AuditLog } from './data/audit-log.js';
import { AuditController } from './http/audit.controller.js';

@Module({
  controllers: [AuditController],
  providers: [AuditLog, AuditTrail],
  exports: [AuditTrail],
})
export class AuditModule {}
