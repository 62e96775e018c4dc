import { Inject, Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf } from '../kernel/route.js';
import { SYSTEM, UnitOfWork } from '../platform/database/index.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { KeyCheckStore } from './data/key-check-store.js';
import { KeyPeppers } from './key-peppers.js';
import type { rotatePepper } from './keys.contract.js';
import { SessionProofs } from './session-proofs.js';

/** A new pepper for all keys of the installation. No key stops: each is hashed anew when it is next used. */
@Injectable()
export class PepperRotation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: KeyCheckStore,
    private readonly peppers: KeyPeppers,
    private readonly proofs: SessionProofs,
    private readonly audit: AuditTrail,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Both secrets, what nobody needs of the old ones, and the audit row: all of it or nothing.
   *
   * @throws {AppError} CONFLICT when another rotation was faster; VAULT_SEALED. Then nothing was rotated
   */
  async rotate(user: UserPrincipal): Promise<AnswerOf<typeof rotatePepper>> {
    const answer = await this.unitOfWork.run(SYSTEM, async (tx) => {
      const version = await this.peppers.rotate(tx);
      await this.proofs.rotate(tx);
      const { waiting, oldest } = await this.keys.waitingForPepper(tx, version);
      // Until they hear of it, other replicas make hashes under the one before.
      await this.peppers.dropBefore(tx, Math.min(oldest, version - 1));
      await this.audit.record(tx, {
        organizationId: user.organizationId,
        actor: actorOf(user),
        action: 'pepper.rotate',
        target: `pepper:${version}`,
        details: { waitingKeys: waiting },
      });
      return { version, waitingKeys: waiting };
    });
    await this.learn();
    this.logger.info(answer, 'keys are hashed under a new pepper');
    return answer;
  }

  /** It is done, whatever happens now: this replica learns of it as all others do, at the latest. */
  private async learn(): Promise<void> {
    const learned = await Promise.allSettled([this.peppers.refresh(), this.proofs.refresh()]);
    for (const outcome of learned) {
      if (outcome.status === 'rejected')
        this.logger.warn({ err: outcome.reason as unknown }, 'new secrets are read later');
    }
  }
}
