import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError } from '../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import { StartupError } from '../platform/config/index.js';
import { SHARED, type Tx, UnitOfWork } from '../platform/database/index.js';
import { Keyring } from '../platform/keyring/index.js';
import { Signals } from '../platform/redis/index.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { EarlierSecrets } from './earlier-secrets.js';

/** What is decided is in the database at once; this is how long a replica may keep a key in memory that it may not use. */
const POLL_MS = 5_000;
const STAYS =
  'the vault is sealed, but the master key stays in the environment of this process; give it as a file or through a key management service if sealing is to take it out of the memory';

/**
 * The seal of the whole installation. While it is on, every transaction that would touch a secret refuses, and the master keys leave the
 * memory of every replica. Everything else goes on.
 */
@Injectable()
export class VaultSeal implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: () => void = () => undefined;
  private allBound = false;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keyring: Keyring,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
    private readonly earlier: EarlierSecrets,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.follow();
    this.timer = setInterval(() => void this.follow(), POLL_MS);
    this.timer.unref();
    this.unsubscribe = this.signals.subscribe(({ topic }) => {
      if (topic === 'secrets') void this.follow();
    });
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.unsubscribe();
  }

  /** Holds the seal as it is until the transaction ends: after a seal is acknowledged no secret can leave. @throws VAULT_SEALED */
  async refuse(tx: Tx): Promise<void> {
    const [row] = await tx.query<{ sealed: boolean }>(
      'SELECT vault_sealed_at IS NOT NULL AS sealed FROM installation FOR SHARE',
    );
    if (row?.sealed !== true) return;
    throw new AppError(
      'VAULT_SEALED',
      'The vault is sealed: no secret is handed out or stored. An operator can open it with: iron-cage vault unseal',
      { retryAfterSeconds: 15 },
    );
  }

  async seal(user: UserPrincipal, reason: string | undefined): Promise<void> {
    await this.unitOfWork.run(user.organizationId, async (tx) => {
      await tx.query(
        `UPDATE installation SET vault_sealed_at = coalesce(vault_sealed_at, now()), vault_sealed_by = coalesce(vault_sealed_by, $1)`,
        [actorOf(user)],
      );
      await this.record(tx, user, 'vault.seal', reason === undefined ? {} : { reason });
    });
    this.keyring.lock();
    if (this.keyring.isInEnvironment) this.logger.warn({}, STAYS);
    this.tell(user);
  }

  /** The key is read first: a vault that cannot be opened stays sealed. @throws {AppError} KEK_MISSING */
  async unseal(user: UserPrincipal): Promise<void> {
    try {
      await this.keyring.unlock();
    } catch (error) {
      if (!(error instanceof StartupError)) throw error;
      throw new AppError('KEK_MISSING', `The vault stays sealed. ${error.message}`, {
        cause: error,
      });
    }
    await this.unitOfWork.run(user.organizationId, async (tx) => {
      await tx.query('UPDATE installation SET vault_sealed_at = NULL, vault_sealed_by = NULL');
      await this.record(tx, user, 'vault.unseal', {});
    });
    await this.bindEarlier();
    this.tell(user);
  }

  /** Does here what was decided anywhere. */
  private async follow(): Promise<void> {
    try {
      const [row] = await this.unitOfWork.read<{ sealed: boolean }>(
        SHARED,
        'SELECT vault_sealed_at IS NOT NULL AS sealed FROM installation',
      );
      if (row?.sealed === true) {
        this.keyring.lock();
        return;
      }
      if (this.keyring.locked) await this.keyring.unlock();
      await this.bindEarlier();
    } catch (error) {
      this.logger.warn(
        { err: error },
        'cannot follow the seal of the vault; the next look tries again',
      );
    }
  }

  /** Before the first agent is served, or as soon as the vault is open. */
  private async bindEarlier(): Promise<void> {
    if (this.allBound) return;
    await this.earlier.bindAll((tx) => this.refuse(tx));
    this.allBound = true;
  }

  private record(tx: Tx, user: UserPrincipal, action: string, details: object): Promise<void> {
    return this.audit.record(tx, {
      organizationId: user.organizationId,
      actor: actorOf(user),
      action,
      target: 'vault:installation',
      details: { ...details },
    });
  }

  private tell(user: UserPrincipal): void {
    this.signals.publish({ organizationId: user.organizationId, topic: 'secrets' });
  }
}
