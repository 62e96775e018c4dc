import { AppError } from '../../kernel/errors.js';
import type { Role } from '../../kernel/permissions.js';

export interface Membership {
  readonly role: Role;
  readonly disabled: boolean;
}

/** `null`: removed. */
export type NextMembership = Membership | null;

/**
 * Who may do what to whom: only owners deal with owners, and an organization always has one who can act.
 *
 * @param owners how many owners are not disabled, the changed one included
 * @throws {AppError} FORBIDDEN, LAST_OWNER
 */
export function refuseChange(
  actor: Role,
  before: Membership,
  after: NextMembership,
  owners: number,
): void {
  const concernsOwner = before.role === 'owner' || after?.role === 'owner';
  if (concernsOwner && actor !== 'owner') {
    throw new AppError(
      'FORBIDDEN',
      'Only an owner may make somebody an owner, or change, disable or remove one. Ask an owner of your organization.',
    );
  }
  if (isActingOwner(before) && !isActingOwner(after) && owners <= 1) {
    throw new AppError(
      'LAST_OWNER',
      'This is the last owner who can act. Make somebody else an owner first.',
    );
  }
}

function isActingOwner(membership: NextMembership): boolean {
  return membership?.role === 'owner' && !membership.disabled;
}
