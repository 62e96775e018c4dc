import { Module } from '@nestjs/common';
import { AnalyticsController } from './http/analytics.controller.js';
import { LiveEvents } from './live-events.js';
import { UsageSummary } from './usage-summary.js';

@Module({ controllers: [AnalyticsController], providers: [UsageSummary, LiveEvents] })
export class AnalyticsModule {}
