import { Injectable } from '@nestjs/common';
import type { Role } from '../../kernel/permissions.js';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';
import type { LoginState } from '../domain/rotation.js';

export interface LoginRow extends LoginState {
  readonly userId: string;
  readonly organizationId: string;
  readonly expiresAt: Date;
}

export interface SignedInRow {
  readonly email: string;
  readonly role: Role;
  readonly operator: boolean;
  readonly leftMs: number;
}

@Injectable()
export class LoginStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async insert(
    tx: Tx,
    login: { id: string; userId: string; organizationId: string; tokenHash: Buffer },
  ): Promise<Date> {
    const [row] = await tx.query<{ expiresAt: Date }>(
      `INSERT INTO logins (id, user_id, organization_id, token_hash, expires_at)
       VALUES ($1, $2, $3, $4, now() + interval '30 days')
       RETURNING expires_at AS "expiresAt"`,
      [login.id, login.userId, login.organizationId, login.tokenHash],
    );
    if (!row) throw new Error('a login was inserted and is not there');
    return row.expiresAt;
  }

  async lock(tx: Tx, loginId: string): Promise<LoginRow | undefined> {
    const [row] = await tx.query<LoginRow>(
      `SELECT l.user_id AS "userId", l.organization_id AS "organizationId",
              l.token_hash AS "tokenHash", l.previous_hash AS "previousHash", l.expires_at AS "expiresAt",
              (l.ended_at IS NOT NULL OR l.expires_at <= now() OR u.disabled_at IS NOT NULL
               OR NOT EXISTS (SELECT 1 FROM members m
                               WHERE m.organization_id = l.organization_id AND m.user_id = l.user_id AND m.disabled_at IS NULL)) AS over,
              l.rotated_at >= now() - interval '10 seconds' AS "withinGrace"
         FROM logins l JOIN users u ON u.id = l.user_id
        WHERE l.id = $1
          FOR UPDATE OF l`,
      [loginId],
    );
    return row;
  }

  async rotate(tx: Tx, loginId: string, tokenHash: Buffer): Promise<void> {
    await tx.query(
      `UPDATE logins SET previous_hash = token_hash, token_hash = $2, rotated_at = now() WHERE id = $1`,
      [loginId, tokenHash],
    );
  }

  /** What nobody can use any more. One that ended today stays, so that the reuse of its tokens is still told apart. */
  async forgetOld(tx: Tx, userId: string): Promise<void> {
    await tx.query(
      `DELETE FROM logins
        WHERE user_id = $1 AND (expires_at <= now() OR ended_at < now() - interval '1 day')`,
      [userId],
    );
  }

  async end(tx: Tx, loginId: string): Promise<void> {
    await tx.query('UPDATE logins SET ended_at = coalesce(ended_at, now()) WHERE id = $1', [
      loginId,
    ]);
  }

  /** All logins of a user in one organization. */
  async endIn(tx: Tx, organizationId: string, userId: string): Promise<void> {
    await tx.query(
      'UPDATE logins SET ended_at = now() WHERE organization_id = $1 AND user_id = $2 AND ended_at IS NULL',
      [organizationId, userId],
    );
  }

  /** All logins of a user but one. @returns the organizations that they were in */
  async endOthers(tx: Tx, userId: string, keptLoginId: string): Promise<string[]> {
    const rows = await tx.query<{ organizationId: string }>(
      `UPDATE logins SET ended_at = now() WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL
       RETURNING organization_id AS "organizationId"`,
      [userId, keptLoginId],
    );
    return [...new Set(rows.map(({ organizationId }) => organizationId))];
  }

  /** Everything that can take a signed-in person's rights away, in one look. */
  async signedIn(login: {
    loginId: string;
    userId: string;
    organizationId: string;
  }): Promise<SignedInRow | undefined> {
    const [row] = await this.unitOfWork.read<SignedInRow>(
      login.organizationId,
      `SELECT u.email, m.role, u.operator,
              (extract(epoch FROM l.expires_at - now()) * 1000)::float8 AS "leftMs"
         FROM logins l
         JOIN users u ON u.id = l.user_id
         JOIN members m ON m.organization_id = l.organization_id AND m.user_id = l.user_id
        WHERE l.organization_id = $1 AND l.id = $2 AND l.user_id = $3
          AND l.ended_at IS NULL AND l.expires_at > now() AND u.disabled_at IS NULL AND m.disabled_at IS NULL`,
      [login.organizationId, login.loginId, login.userId],
    );
    return row;
  }
}
