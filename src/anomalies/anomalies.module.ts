import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { AuthModule } from '../auth/index.js';
import { TeamsModule } from '../teams/index.js';
import { Anomalies } from './anomalies.service.js';
import { AnomalyResponse } from './anomaly-response.js';
import { AnomalyStore } from './data/anomaly-store.js';
import { PlaceStore } from './data/place-store.js';
import { AnomalyPolicyStore } from './data/policy-store.js';
import { AnomaliesController } from './http/anomalies.controller.js';
import { KeyPlaces } from './key-places.js';

@Module({
  imports: [AuditModule, AuthModule, TeamsModule],
  controllers: [AnomaliesController],
  providers: [AnomalyStore, AnomalyPolicyStore, PlaceStore, AnomalyResponse, Anomalies, KeyPlaces],
})
export class AnomaliesModule {}
