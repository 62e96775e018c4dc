import { Module } from '@nestjs/common';
import { AlertRetentionJob } from './alert-retention.job.js';
import { Alerts } from './alerts.service.js';
import { AlertStore } from './data/alert-store.js';
import { AlertsController } from './http/alerts.controller.js';

@Module({
  controllers: [AlertsController],
  providers: [AlertStore, Alerts, AlertRetentionJob],
})
export class NotificationsModule {}
