import { Inject, Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { SYSTEM, type Tx, UnitOfWork } from '../platform/database/index.js';
import { Signals } from '../platform/redis/index.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { ACCESS_TOKEN_SECONDS, AccessTokens } from './access-tokens.js';
import { type LoginRow, LoginStore } from './data/login-store.js';
import { RefreshTokens } from './domain/refresh-tokens.js';
import { judgeRefresh, type Verdict } from './domain/rotation.js';

/** What a client holds of a login. */
export interface Credentials {
  readonly userId: string;
  readonly organizationId: string;
  readonly accessToken: string;
  readonly accessTokenSeconds: number;
  readonly refreshToken: string;
  readonly refreshExpiresAt: Date;
}

type LoginFacts = Pick<LoginRow, 'userId' | 'organizationId' | 'expiresAt'>;

/** Logins of people: a family of refresh tokens, one after the other, and the access tokens that they buy. */
@Injectable()
export class Logins {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: LoginStore,
    private readonly tokens: RefreshTokens,
    private readonly accessTokens: AccessTokens,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Whoever calls this has checked who it is. */
  async start(tx: Tx, who: { userId: string; organizationId: string }): Promise<Credentials> {
    const id = newId();
    const refreshToken = this.tokens.first(id);
    const { hash } = this.parse(refreshToken);
    await this.store.forgetOld(tx, who.userId);
    const expiresAt = await this.store.insert(tx, { id, ...who, tokenHash: hash });
    await this.audit.record(tx, {
      organizationId: who.organizationId,
      actor: `user:${who.userId}`,
      action: 'login.start',
      target: `login:${id}`,
    });
    return this.credentials(id, { ...who, expiresAt }, refreshToken);
  }

  /** @throws {AppError} NOT_SIGNED_IN for every token that buys nothing any more */
  async refresh(token: string): Promise<Credentials> {
    const { loginId, hash } = this.parse(token);
    const { login, verdict } = await this.unitOfWork.run(SYSTEM, async (tx) => {
      const row = await this.store.lock(tx, loginId);
      const decision: Verdict = row ? judgeRefresh(row, hash) : 'over';
      if (decision === 'rotate') {
        await this.store.rotate(tx, loginId, this.parse(this.tokens.successor(token)).hash);
      }
      if (row && decision === 'reuse') await this.endForReuse(tx, loginId, row);
      return { login: row, verdict: decision };
    });
    if (login && verdict === 'reuse') {
      this.signals.publish({ organizationId: login.organizationId, topic: 'members' });
      this.logger.warn({ loginId }, 'an old refresh token was used again; the login was ended');
    }
    if (!login || verdict === 'reuse' || verdict === 'over') throw signedOut();
    return this.credentials(loginId, login, this.tokens.successor(token));
  }

  /** Ends the login that a refresh token belongs to, at once and everywhere. Ending what is over is no error. */
  async end(token: string): Promise<void> {
    const parsed = this.tokens.parse(token);
    if (!parsed) return;
    const ended = await this.unitOfWork.run(SYSTEM, async (tx) => {
      const login = await this.store.lock(tx, parsed.loginId);
      if (!login || login.over) return undefined;
      await this.store.end(tx, parsed.loginId);
      await this.audit.record(tx, {
        organizationId: login.organizationId,
        actor: `user:${login.userId}`,
        action: 'login.end',
        target: `login:${parsed.loginId}`,
      });
      return login;
    });
    if (ended) this.signals.publish({ organizationId: ended.organizationId, topic: 'members' });
  }

  /** All of a user in one organization, in a transaction of the caller, who tells the others after the commit. */
  endIn(tx: Tx, organizationId: string, userId: string): Promise<void> {
    return this.store.endIn(tx, organizationId, userId);
  }

  /** All of a user, in every organization, but one. @returns those organizations, for the caller to tell after the commit */
  endOthers(tx: Tx, userId: string, keptLoginId: string): Promise<string[]> {
    return this.store.endOthers(tx, userId, keptLoginId);
  }

  private async endForReuse(tx: Tx, loginId: string, login: LoginRow): Promise<void> {
    await this.store.end(tx, loginId);
    await this.audit.record(tx, {
      organizationId: login.organizationId,
      actor: `user:${login.userId}`,
      action: 'login.reuse',
      target: `login:${loginId}`,
      details: { meaning: 'An old refresh token was used again; the login was ended.' },
    });
  }

  private async credentials(
    loginId: string,
    { userId, organizationId, expiresAt }: LoginFacts,
    refreshToken: string,
  ): Promise<Credentials> {
    return {
      userId,
      organizationId,
      accessToken: await this.accessTokens.issue({ userId, organizationId, loginId }),
      accessTokenSeconds: ACCESS_TOKEN_SECONDS,
      refreshToken,
      refreshExpiresAt: expiresAt,
    };
  }

  private parse(token: string): { loginId: string; hash: Buffer } {
    const parsed = this.tokens.parse(token);
    if (!parsed) throw signedOut();
    return parsed;
  }
}

function signedOut(): AppError {
  return new AppError('NOT_SIGNED_IN', 'You are signed out; sign in again.');
}
