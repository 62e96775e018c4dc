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
  'vault:operate',
  'vault:shred',
  'usage:read',
  'audit:read',
  'installation:manage',
  'agent:run',
  'agent:bootstrap',
  'agent:lease',
  'agent:report',
  'agent:listen',
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
  owner: new Set<Permission>([...ADMIN, 'vault:shred']),
  admin: new Set(ADMIN),
  developer: new Set(DEVELOPER),
  viewer: new Set(VIEWER),
};

/** What an Iron Cage key may be limited to: start and get the provider secrets, borrow, report usage, hear what changed. */
export const KEY_SCOPES = ['bootstrap', 'lease', 'report', 'listen'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** Of a key with all scopes. `agent:run` is for what every running agent needs: to beat and to end its session. */
export const AGENT_PERMISSIONS: ReadonlySet<Permission> = new Set([
  'agent:run',
  ...KEY_SCOPES.map((scope) => `agent:${scope}` as const),
]);

export function permissionsOfScopes(scopes: readonly KeyScope[]): ReadonlySet<Permission> {
  if (KEY_SCOPES.every((scope) => scopes.includes(scope))) return AGENT_PERMISSIONS;
  return new Set(['agent:run', ...scopes.map((scope) => `agent:${scope}` as const)]);
}

/** For a day after its end a key may still report what it spent: usage that happened is booked. */
export const RETIRED_AGENT_PERMISSIONS: ReadonlySet<Permission> = new Set(['agent:report']);

/** While nobody can be asked whether a key is still good: to beat, and nothing that needs to be certain. */
export const UNCONFIRMED_AGENT_PERMISSIONS: ReadonlySet<Permission> = new Set(['agent:run']);

/** A user who operates the installation may also create organizations, hold the keys of the vault, and change what all share. */
export const OPERATOR_PERMISSIONS: ReadonlySet<Permission> = new Set([
  'organization:create',
  'vault:operate',
  'installation:manage',
]);
