/** What a caller may do. A route names exactly one of these, or says that it is public. */
export const PERMISSIONS = [
  'session:self',
  'organization:read',
  'organization:create',
  'organization:manage',
  'project:read',
  'project:write',
  'project:pause',
  'money:read',
  'money:write',
  'key:read',
  'key:write',
  'secret:read',
  'secret:write',
  'usage:read',
  'audit:read',
  'agent:run',
  'agent:report',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const ROLES = ['owner', 'admin', 'developer', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

const VIEWER: readonly Permission[] = [
  'session:self',
  'organization:read',
  'project:read',
  'money:read',
  'key:read',
  'secret:read',
  'usage:read',
];
const DEVELOPER: readonly Permission[] = [...VIEWER, 'key:write', 'project:pause'];
const ADMIN: readonly Permission[] = [
  ...DEVELOPER,
  'project:write',
  'money:write',
  'secret:write',
  'audit:read',
  'organization:manage',
];

/** The roles of an organization's members, weakest last. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  owner: new Set(ADMIN),
  admin: new Set(ADMIN),
  developer: new Set(DEVELOPER),
  viewer: new Set(VIEWER),
};

/** An Iron Cage key may only run: bootstrap, borrow, report, listen. */
export const AGENT_PERMISSIONS: ReadonlySet<Permission> = new Set(['agent:run', 'agent:report']);

/** For a day after its end a key may still report what it spent: usage that happened is booked. */
export const RETIRED_AGENT_PERMISSIONS: ReadonlySet<Permission> = new Set(['agent:report']);

/** A user who operates the installation may also create organizations. */
export const OPERATOR_PERMISSIONS: ReadonlySet<Permission> = new Set(['organization:create']);
