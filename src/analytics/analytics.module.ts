import { Module } from '@nestjs/common';
import { AnalyticsController } from './http/analytics.controller.js';
import { LiveEvents } from './live-events.js';
import { UsageByTime } from './usage-by-time.js';
import { UsageSummary } from './usage-summary.js';

@Module({ controllers: [AnalyticsController], providers: [UsageSummary, UsageByTime, LiveEvents] })
export class AnalyticsModule {}
