import { Global, Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { AuditModule } from '../audit/index.js';
import { Authenticator, HOT_STORE } from '../platform/http/index.js';
import { Jobs } from '../platform/jobs/index.js';
import { Keyring } from '../platform/keyring/index.js';
import type { HotStore } from '../platform/redis/index.js';
import { AccessEpochs } from './access-epochs.js';
import { AccessTokens, accessTokenOptions } from './access-tokens.js';
import { AgentSessions } from './agent-sessions.js';
import { AgentUses } from './agent-uses.js';
import { AccessEpochStore } from './data/access-epoch-store.js';
import { KeyRecords } from './data/key-records.js';
import { KeyCheckStore } from './data/key-check-store.js';
import { KeyStore } from './data/key-store.js';
import { Outbox } from './data/outbox.js';
import { LoginStore } from './data/login-store.js';
import { SessionStore } from './data/session-store.js';
import { RefreshTokens } from './domain/refresh-tokens.js';
import { KeysController } from './http/keys.controller.js';
import { AuthController } from './http/auth.controller.js';
import { OwnOriginGuard } from './http/own-origin.js';
import { RefreshCookie } from './http/refresh-cookie.js';
import { SenderBindingGuard } from './http/sender-binding.guard.js';
import { SignInLimitsGuard } from './http/sign-in-limits.js';
import { KeyAuthenticator } from './key-authenticator.js';
import { KeyExpiryJob } from './key-expiry.job.js';
import { KeyGuesses } from './key-guesses.js';
import { KeyPeppers } from './key-peppers.js';
import { KeyUse } from './key-use.js';
import { KeysService } from './keys.service.js';
import { LeakedKeys } from './leaked-keys.js';
import { LoginLimits } from './login-limits.js';
import { Logins } from './logins.js';
import { PepperRotation } from './pepper-rotation.js';
import { Passwords } from './passwords.js';
import { RequestAuthenticator } from './request-authenticator.js';
import { SessionProofs } from './session-proofs.js';
import { UserAuthenticator } from './user-authenticator.js';

/** Global, because the guard of every route asks it who calls. */
@Global()
@Module({
  imports: [
    AuditModule,
    JwtModule.registerAsync({ inject: [Keyring], useFactory: accessTokenOptions }),
  ],
  controllers: [AuthController, KeysController],
  providers: [
    AccessEpochStore,
    KeyCheckStore,
    KeyStore,
    LoginStore,
    SessionStore,
    {
      provide: KeyPeppers,
      inject: [Keyring, Jobs],
      useFactory: (keyring: Keyring, jobs: Jobs) => KeyPeppers.open(keyring, jobs),
    },
    {
      provide: KeyRecords,
      inject: [HOT_STORE, Keyring],
      useFactory: async (hot: HotStore, keyring: Keyring) =>
        new KeyRecords(hot.redis, (await keyring.serverSecret('key-record-key')).bytes),
    },
    {
      provide: RefreshTokens,
      inject: [Keyring],
      useFactory: async (keyring: Keyring) =>
        new RefreshTokens((await keyring.serverSecret('refresh-token-key')).bytes),
    },
    AccessEpochs,
    AccessTokens,
    AgentSessions,
    AgentUses,
    KeyAuthenticator,
    KeyExpiryJob,
    KeyGuesses,
    KeysService,
    KeyUse,
    LeakedKeys,
    LoginLimits,
    Logins,
    OwnOriginGuard,
    Outbox,
    Passwords,
    PepperRotation,
    RefreshCookie,
    SenderBindingGuard,
    {
      provide: SessionProofs,
      inject: [Keyring, Jobs],
      useFactory: (keyring: Keyring, jobs: Jobs) => SessionProofs.open(keyring, jobs),
    },
    SignInLimitsGuard,
    UserAuthenticator,
    { provide: Authenticator, useClass: RequestAuthenticator },
  ],
  exports: [
    AccessEpochs,
    AgentSessions,
    AgentUses,
    Authenticator,
    LoginLimits,
    Logins,
    OwnOriginGuard,
    Passwords,
    RefreshCookie,
    SenderBindingGuard,
    SessionProofs,
    SignInLimitsGuard,
  ],
})
export class AuthModule {}
