import { Inject, Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError } from '../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf } from '../kernel/route.js';
import { UnitOfWork } from '../platform/database/index.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { KeyCheckStore } from './data/key-check-store.js';
import type { Pepper } from './domain/key-hash.js';
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

  /** @throws {AppError} CONFLICT when another rotation was faster */
  async rotate(user: UserPrincipal): Promise<AnswerOf<typeof rotatePepper>> {
    const { version } = await this.rotateBoth().catch((cause: unknown) => {
      throw new AppError('CONFLICT', 'Another rotation was faster; look before you try again.', {
        cause,
      });
    });
    const { waiting, oldest } = await this.keys.waitingForPepper(version);
    await this.peppers.dropBefore(oldest);
    await this.unitOfWork.run(user.organizationId, (tx) =>
      this.audit.record(tx, {
        organizationId: user.organizationId,
        actor: actorOf(user),
        action: 'pepper.rotate',
        target: `pepper:${version}`,
        details: { waitingKeys: waiting },
      }),
    );
    this.logger.info({ version, waiting }, 'keys are hashed under a new pepper');
    return { version, waitingKeys: waiting };
  }

  private async rotateBoth(): Promise<Pepper> {
    const pepper = await this.peppers.rotate();
    await this.proofs.rotate();
    return pepper;
  }
}
