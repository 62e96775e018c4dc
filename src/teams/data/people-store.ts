import { Injectable } from '@nestjs/common';
import type { Role } from '../../kernel/permissions.js';
import { SYSTEM, type Tx, UnitOfWork } from '../../platform/database/index.js';

export interface OrganizationRow {
  readonly id: string;
  readonly name: string;
  readonly timeZone: string;
  readonly monthStartsOn: number;
  readonly createdAt: Date;
}

export interface MemberRow {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly state: 'active' | 'disabled';
  readonly createdAt: Date;
}

/** What the check of a password needs. */
export interface SignInRow {
  readonly userId: string;
  readonly passwordHash: string;
  readonly disabled: boolean;
  /** The one that was asked for, else the one joined first; null when the user is in none such. */
  readonly organizationId: string | null;
}

export interface SignedInRow {
  readonly user: { id: string; email: string; name: string; operator: boolean };
  readonly organization: OrganizationRow;
  readonly role: Role;
}

const ORGANIZATION =
  'o.id, o.name, o.time_zone AS "timeZone", o.month_starts_on AS "monthStartsOn", o.created_at AS "createdAt"';

const MEMBER = `
  SELECT m.user_id AS "userId", u.email, u.name, m.role,
         CASE WHEN m.disabled_at IS NULL THEN 'active' ELSE 'disabled' END AS state, m.created_at AS "createdAt"
    FROM members m JOIN users u ON u.id = m.user_id
   WHERE m.organization_id = $1`;

/** Organizations, users and who belongs where. */
@Injectable()
export class PeopleStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async forSignIn(
    email: string,
    organizationId: string | undefined,
  ): Promise<SignInRow | undefined> {
    const [row] = await this.unitOfWork.read<SignInRow>(
      SYSTEM,
      `SELECT u.id AS "userId", u.password_hash AS "passwordHash",
              u.disabled_at IS NOT NULL AS disabled, m.organization_id AS "organizationId"
         FROM users u
         LEFT JOIN LATERAL (
           SELECT organization_id FROM members
            WHERE user_id = u.id AND disabled_at IS NULL AND ($2::uuid IS NULL OR organization_id = $2)
            ORDER BY created_at, organization_id LIMIT 1) m ON true
        WHERE u.email = $1`,
      [email, organizationId ?? null],
    );
    return row;
  }

  async signedIn(organizationId: string, userId: string): Promise<SignedInRow | undefined> {
    const [row] = await this.unitOfWork.read<
      OrganizationRow & { email: string; userName: string; operator: boolean; role: Role }
    >(
      organizationId,
      `SELECT ${ORGANIZATION}, u.email, u.name AS "userName", u.operator, m.role
         FROM members m
         JOIN users u ON u.id = m.user_id
         JOIN organizations o ON o.id = m.organization_id
        WHERE m.organization_id = $1 AND m.user_id = $2 AND m.disabled_at IS NULL`,
      [organizationId, userId],
    );
    if (!row) return undefined;
    const { email, userName, operator, role, ...organization } = row;
    return { user: { id: userId, email, name: userName, operator }, organization, role };
  }

  organizationsOf(userId: string): Promise<OrganizationRow[]> {
    return this.unitOfWork.read<OrganizationRow>(
      SYSTEM,
      `SELECT ${ORGANIZATION}
         FROM members m JOIN organizations o ON o.id = m.organization_id
        WHERE m.user_id = $1 AND m.disabled_at IS NULL
        ORDER BY lower(o.name), o.id`,
      [userId],
    );
  }

  members(organizationId: string): Promise<MemberRow[]> {
    return this.unitOfWork.read<MemberRow>(
      organizationId,
      `${MEMBER} ORDER BY lower(u.name), m.user_id`,
      [organizationId],
    );
  }

  async member(tx: Tx, organizationId: string, userId: string): Promise<MemberRow | undefined> {
    const [row] = await tx.query<MemberRow>(`${MEMBER} AND m.user_id = $2`, [
      organizationId,
      userId,
    ]);
    return row;
  }

  /** @returns `undefined` where there is one with this id */
  async insertOrganization(
    tx: Tx,
    organization: { id: string; name: string; requestHash: Buffer | null },
  ): Promise<OrganizationRow | undefined> {
    const [row] = await tx.query<OrganizationRow>(
      `INSERT INTO organizations AS o (id, name, request_hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING ${ORGANIZATION}`,
      [organization.id, organization.name, organization.requestHash],
    );
    return row;
  }

  /** With what it was made by. */
  async organizationWithHash(
    tx: Tx,
    id: string,
  ): Promise<{ organization: OrganizationRow; requestHash: Buffer | null } | undefined> {
    const [row] = await tx.query<OrganizationRow & { requestHash: Buffer | null }>(
      `SELECT ${ORGANIZATION}, o.request_hash AS "requestHash" FROM organizations o WHERE o.id = $1`,
      [id],
    );
    if (!row) return undefined;
    const { requestHash, ...organization } = row;
    return { organization, requestHash };
  }

  async updateOrganization(
    tx: Tx,
    id: string,
    change: {
      name?: string | undefined;
      timeZone?: string | undefined;
      monthStartsOn?: number | undefined;
    },
  ): Promise<OrganizationRow> {
    const [row] = await tx.query<OrganizationRow>(
      `UPDATE organizations o SET name = coalesce($2, name), time_zone = coalesce($3, time_zone), month_starts_on = coalesce($4, month_starts_on)
        WHERE o.id = $1 RETURNING ${ORGANIZATION}`,
      [id, change.name, change.timeZone, change.monthStartsOn],
    );
    if (!row) throw new Error('the organization of a signed-in member is gone');
    return row;
  }

  /** @returns the user of this address: the new one, or the one that was there, unchanged */
  async insertOrFindUser(
    tx: Tx,
    user: { id: string; email: string; name: string; passwordHash: string; operator: boolean },
  ): Promise<{ id: string; created: boolean }> {
    const [inserted] = await tx.query<{ id: string }>(
      `INSERT INTO users (id, email, name, password_hash, operator) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (email) DO NOTHING RETURNING id`,
      [user.id, user.email, user.name, user.passwordHash, user.operator],
    );
    if (inserted) return { id: inserted.id, created: true };
    const [known] = await tx.query<{ id: string }>('SELECT id FROM users WHERE email = $1', [
      user.email,
    ]);
    if (!known) throw new Error('an address is taken by nobody');
    return { id: known.id, created: false };
  }

  /** @returns whether the user is a member because of this call */
  async insertMember(
    tx: Tx,
    member: { organizationId: string; userId: string; role: Role },
  ): Promise<boolean> {
    const rows = await tx.query(
      `INSERT INTO members (organization_id, user_id, role) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING RETURNING user_id`,
      [member.organizationId, member.userId, member.role],
    );
    return rows.length > 0;
  }

  /** One change of an organization's members at a time. */
  async lockMembers(tx: Tx, organizationId: string): Promise<void> {
    await tx.query('SELECT 1 FROM organizations WHERE id = $1 FOR NO KEY UPDATE', [organizationId]);
  }

  async actingOwners(tx: Tx, organizationId: string): Promise<number> {
    const [row] = await tx.query<{ owners: number }>(
      `SELECT count(*)::int AS owners
         FROM members m JOIN users u ON u.id = m.user_id
        WHERE m.organization_id = $1 AND m.role = 'owner' AND m.disabled_at IS NULL AND u.disabled_at IS NULL`,
      [organizationId],
    );
    return row?.owners ?? 0;
  }

  async updateMember(
    tx: Tx,
    member: { organizationId: string; userId: string },
    change: { role?: Role | undefined; disabled?: boolean | undefined },
  ): Promise<void> {
    await tx.query(
      `UPDATE members SET role = coalesce($3::text, role),
         disabled_at = CASE WHEN $4::boolean IS TRUE THEN coalesce(disabled_at, now()) WHEN $4 IS FALSE THEN NULL ELSE disabled_at END
        WHERE organization_id = $1 AND user_id = $2`,
      [member.organizationId, member.userId, change.role ?? null, change.disabled ?? null],
    );
  }

  async removeMember(tx: Tx, member: { organizationId: string; userId: string }): Promise<void> {
    await tx.query('DELETE FROM members WHERE organization_id = $1 AND user_id = $2', [
      member.organizationId,
      member.userId,
    ]);
  }

  async passwordHash(userId: string): Promise<string | undefined> {
    const [row] = await this.unitOfWork.read<{ passwordHash: string }>(
      SYSTEM,
      'SELECT password_hash AS "passwordHash" FROM users WHERE id = $1',
      [userId],
    );
    return row?.passwordHash;
  }

  /** @returns whether it still was the one before */
  async replacePassword(
    tx: Tx,
    { userId, before, after }: { userId: string; before: string; after: string },
  ): Promise<boolean> {
    const rows = await tx.query(
      'UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING id',
      [userId, before, after],
    );
    return rows.length > 0;
  }
}
