import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type JwtModuleOptions, JwtService } from '@nestjs/jwt';
import { z } from 'zod';
import { newId } from '../kernel/ids.js';
import { uuid } from '../kernel/wire.js';
import { Keyring } from '../platform/keyring/index.js';

export const ACCESS_TOKEN_SECONDS = 600;

const ISSUER = 'iron-cage';
const AUDIENCE = 'iron-cage-dashboard';
const TYPE = 'at+jwt';

export interface AccessClaims {
  readonly userId: string;
  readonly organizationId: string;
  readonly loginId: string;
}

/** Nothing but these in the header: a `kid`, `jwk`, `jku` or `crit` is somebody trying something. */
const signedToken = z.object({
  header: z.strictObject({ alg: z.literal('ES256'), typ: z.literal(TYPE) }),
  payload: z.strictObject({
    iss: z.literal(ISSUER),
    aud: z.literal(AUDIENCE),
    sub: uuid,
    org: uuid,
    sid: uuid,
    jti: uuid,
    iat: z.int(),
    exp: z.int(),
  }),
});

/** Access tokens: short-lived, one algorithm, one audience. They say who; what that person may do is read from the database each time. */
@Injectable()
export class AccessTokens {
  constructor(private readonly jwt: JwtService) {}

  issue(claims: AccessClaims): Promise<string> {
    return this.jwt.signAsync(
      { org: claims.organizationId, sid: claims.loginId },
      { subject: claims.userId, jwtid: newId() },
    );
  }

  /** @returns `undefined` for everything that is not a token that we would issue today */
  async verify(token: string): Promise<AccessClaims | undefined> {
    const verified: unknown = await this.jwt.verifyAsync<object>(token).catch(() => undefined);
    const parsed = signedToken.safeParse(verified);
    if (!parsed.success) return undefined;
    const { sub, org, sid, iat, exp } = parsed.data.payload;
    if (exp - iat > ACCESS_TOKEN_SECONDS) return undefined;
    return { userId: sub, organizationId: org, loginId: sid };
  }
}

/** jsonwebtoken knows no EdDSA, hence ES256. The key is made once and shared by all replicas. */
export async function accessTokenOptions(keyring: Keyring): Promise<JwtModuleOptions> {
  const { bytes } = await keyring.serverSecret('access-token-key', () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
      type: 'pkcs8',
      format: 'der',
    }),
  );
  const privateKey = createPrivateKey({ key: bytes, type: 'pkcs8', format: 'der' });
  return {
    privateKey,
    publicKey: createPublicKey(privateKey),
    signOptions: {
      algorithm: 'ES256',
      header: { alg: 'ES256', typ: TYPE },
      expiresIn: ACCESS_TOKEN_SECONDS,
      issuer: ISSUER,
      audience: AUDIENCE,
    },
    verifyOptions: { algorithms: ['ES256'], issuer: ISSUER, audience: AUDIENCE, complete: true },
  };
}
