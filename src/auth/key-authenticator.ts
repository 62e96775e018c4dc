import { hash } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AppError, keyInvalid } from '../kernel/errors.js';
import { parseKey } from '../kernel/iron-cage-key.js';
import { AGENT_PERMISSIONS, RETIRED_AGENT_PERMISSIONS } from '../kernel/permissions.js';
import type { AgentPrincipal } from '../kernel/principal.js';
import { AccessEpochs } from './access-epochs.js';
import { KeyStore } from './data/key-store.js';
import { keyMatches, type Pepper } from './domain/key-hash.js';
import { type Found, RecentPrincipals } from './domain/recent-principals.js';
import { KeyUse } from './key-use.js';
import { KEY_PEPPER } from './tokens.js';

/** A revocation is heard of within a second; this bounds what a key is believed for when nothing is heard at all. */
const REMEMBER_MS = 10_000;
const CAPACITY = 10_000;
/** How long after its end a key may still report usage. */
const REPORT_AFTER_END_MS = 86_400_000;

@Injectable()
export class KeyAuthenticator implements OnModuleDestroy {
  private readonly recent = new RecentPrincipals<AgentPrincipal>({
    lifetimeMs: REMEMBER_MS,
    capacity: CAPACITY,
  });
  private readonly stopListening: () => void;

  constructor(
    private readonly keys: KeyStore,
    private readonly use: KeyUse,
    @Inject(KEY_PEPPER) private readonly pepper: Pepper,
    private readonly epochs: AccessEpochs,
  ) {
    this.stopListening = epochs.subscribe((organizationId) => {
      this.recent.forget(organizationId);
    });
  }

  /** @throws {AppError} KEY_MALFORMED before anything is looked up; KEY_INVALID, alike for unknown, wrong, revoked and expired */
  async authenticate(key: string): Promise<AgentPrincipal> {
    const parsed = parseKey(key);
    if (!parsed) {
      throw new AppError(
        'KEY_MALFORMED',
        'This is not a whole Iron Cage key: it was cut or mistyped. Copy it again from where you stored it.',
      );
    }
    const agent = await this.recent.resolve(
      hash('sha256', key, 'base64'),
      () => this.look(parsed.id, key),
      this.epochs.isFresh(),
    );
    if (!agent) {
      throw keyInvalid(`key ${parsed.id} refused`);
    }
    if (agent.permissions.has('agent:run')) this.use.note(agent);
    return agent;
  }

  onModuleDestroy(): void {
    this.stopListening();
  }

  private async look(keyId: string, key: string): Promise<Found<AgentPrincipal> | undefined> {
    const row = await this.keys.findForCheck(keyId);
    const matches = keyMatches(this.pepper, key, row);
    if (!row || !matches || row.retiredMs >= REPORT_AFTER_END_MS) return undefined;
    const { organizationId, projectId, environment, retiredMs } = row;
    const isRetired = retiredMs >= 0;
    return {
      principal: {
        kind: 'agent',
        organizationId,
        projectId,
        keyId,
        environment,
        permissions: isRetired ? RETIRED_AGENT_PERMISSIONS : AGENT_PERMISSIONS,
      },
      leftMs: isRetired ? REPORT_AFTER_END_MS - retiredMs : -retiredMs,
    };
  }
}
