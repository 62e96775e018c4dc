import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';

const ID_BYTES = 16;
const NONCE_BYTES = 32;
const MAC_BYTES = 16;
const TOKEN = /^[A-Za-z0-9_-]{86}$/;

export interface ParsedRefreshToken {
  readonly loginId: string;
  /** What the database keeps of it. */
  readonly hash: Buffer;
}

/**
 * Refresh tokens: `login id (16) ‖ nonce (32) ‖ MAC (16)`, base64url. The id ties every token of a login together, however old, so that
 * the reuse of any of them ends it; the MAC proves that we made it, so that a guess neither ends a login nor costs a query.
 *
 * The successor of a token is computed from it. A client whose answer was lost, and two tabs that refresh at once, therefore get the same
 * successor instead of racing each other out of the login; without the server's key nobody can compute it.
 */
export class RefreshTokens {
  constructor(private readonly key: Buffer) {}

  first(loginId: string): string {
    return this.print(loginId, randomBytes(NONCE_BYTES));
  }

  /** @param token one that {@link parse} accepted */
  successor(token: string): string {
    const { loginId } = this.parse(token) ?? {};
    if (loginId === undefined) throw new Error('successor of a token that is not ours');
    return this.print(loginId, this.mac('successor', Buffer.from(token, 'base64url')));
  }

  /** @returns `undefined` when we did not make it. Says nothing about validity. */
  parse(token: string): ParsedRefreshToken | undefined {
    if (!TOKEN.test(token)) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    const signed = bytes.subarray(0, ID_BYTES + NONCE_BYTES);
    const mac = this.mac('token', signed).subarray(0, MAC_BYTES);
    if (!timingSafeEqual(mac, bytes.subarray(-MAC_BYTES))) return undefined;
    const hex = bytes.toString('hex', 0, ID_BYTES);
    return {
      loginId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
      hash: hashToken(token),
    };
  }

  private print(loginId: string, nonce: Buffer): string {
    const signed = Buffer.concat([Buffer.from(loginId.replaceAll('-', ''), 'hex'), nonce]);
    const mac = this.mac('token', signed).subarray(0, MAC_BYTES);
    return Buffer.concat([signed, mac]).toString('base64url');
  }

  private mac(purpose: string, bytes: Buffer): Buffer {
    return createHmac('sha256', this.key).update(`${purpose}\n`).update(bytes).digest();
  }
}

/** 256 random bits need no slow hash. */
export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
