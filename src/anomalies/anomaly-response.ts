import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import type { Tx } from '../platform/database/index.js';
import { KillSwitch } from '../teams/index.js';
import { AnomalyStore, type KeyFacts, type NewAnomaly } from './data/anomaly-store.js';
import { AnomalyPolicyStore } from './data/policy-store.js';
import { differentPlaces, type Place, summaryOf } from './domain/places.js';

/** What was changed; `nothing`: it was recorded. */
export type Stopped = 'nothing' | 'key' | 'project';

const SERVER = 'server';

/** Does what a project's policy says about a key that behaves strangely: all of it in the transaction that found it out. */
@Injectable()
export class AnomalyResponse {
  constructor(
    private readonly anomalies: AnomalyStore,
    private readonly policies: AnomalyPolicyStore,
    private readonly killSwitch: KillSwitch,
    private readonly audit: AuditTrail,
  ) {}

  /** @returns undefined when nothing is strange about these places */
  async toPlaces(
    tx: Tx,
    organizationId: string,
    keyId: string,
    places: readonly Place[],
  ): Promise<Stopped | undefined> {
    const key = await this.anomalies.keyFacts(tx, organizationId, keyId);
    if (!key) return undefined;
    const policy = await this.policies.get(organizationId, key.projectId, tx);
    if (policy.addresses === 'off') return undefined;
    const different = differentPlaces(places, policy.groups);
    if (different.length < 2) return undefined;
    const anomaly: NewAnomaly = {
      organizationId,
      projectId: key.projectId,
      keyId,
      action: policy.addresses,
      summary: summaryOf(key.name, different),
      places: different,
    };
    const { id, isNew } = await this.anomalies.raiseAddresses(tx, anomaly);
    if (isNew) await this.record(tx, id, anomaly);
    return this.act(tx, key, anomaly);
  }

  private async act(tx: Tx, key: KeyFacts, anomaly: NewAnomaly): Promise<Stopped> {
    const { organizationId, projectId, keyId, summary } = anomaly;
    switch (anomaly.action) {
      case 'alert':
        return 'nothing';
      case 'pause':
        if (key.projectState !== 'active') return 'nothing';
        await this.killSwitch.pauseIn(tx, { organizationId, actor: SERVER }, projectId, summary);
        return 'project';
      case 'block':
        return (await this.anomalies.block(tx, organizationId, keyId)) ? 'key' : 'nothing';
    }
  }

  private async record(tx: Tx, id: string, anomaly: NewAnomaly): Promise<void> {
    const { organizationId, projectId, keyId, action, summary, places } = anomaly;
    const addresses = places.map(({ ip }) => ip);
    await this.audit.record(tx, {
      organizationId,
      actor: SERVER,
      action: 'key.anomaly',
      target: `key:${keyId}`,
      details: { anomalyId: id, kind: 'addresses', action, summary, addresses },
    });
    await this.anomalies.announce(tx, organizationId, {
      anomalyId: id,
      kind: 'addresses',
      scope: 'key',
      scopeId: keyId,
      projectId,
      action,
      summary,
      addresses,
    });
  }
}
