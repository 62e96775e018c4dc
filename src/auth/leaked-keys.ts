import { Inject, Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { SYSTEM, UnitOfWork } from '../platform/database/index.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { AccessEpochs } from './access-epochs.js';
import { KeyCheckStore } from './data/key-check-store.js';
import { Outbox } from './data/outbox.js';
import { leakHash } from './domain/key-hash.js';
import { KeyPeppers } from './key-peppers.js';

/** Reports of keys that somebody found where they do not belong. */
@Injectable()
export class LeakedKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: KeyCheckStore,
    private readonly outbox: Outbox,
    private readonly audit: AuditTrail,
    private readonly epochs: AccessEpochs,
    private readonly peppers: KeyPeppers,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Whoever knows the hash of a whole key has seen it: that is all the right that it takes to stop it.
   *
   * @param sha256 of the whole key
   */
  async report(sha256: Buffer): Promise<void> {
    const stopped = await this.unitOfWork.run(SYSTEM, async (tx) => {
      const key = await this.keys.stopLeaked(tx, leakHash(this.peppers.leakKey, sha256));
      if (!key) return undefined;
      const { organizationId, id, name, revoked } = key;
      const what = revoked ? 'revoked' : 'the old secret was stopped';
      await this.audit.record(tx, {
        organizationId,
        actor: 'leak-report',
        action: 'key.leaked',
        target: `key:${id}`,
        details: { name, what },
      });
      await this.outbox.append(tx, organizationId, 'key.leaked', { keyId: id, name, revoked });
      await this.epochs.bump(tx, organizationId);
      return key;
    });
    if (!stopped) return;
    this.epochs.announce(stopped.organizationId);
    this.logger.warn({ keyId: stopped.id }, 'a leaked key was reported and stopped');
  }
}
