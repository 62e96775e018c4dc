import { z } from 'zod';
import { ROLES } from '../kernel/permissions.js';
import { defineRoute } from '../kernel/route.js';
import {
  email,
  instant,
  label,
  money,
  page,
  pageQuery,
  password,
  timeZone,
  uuid,
} from '../kernel/wire.js';
import { policyChange, policyView } from './policy.contract.js';

export const organizationView = z
  .object({
    id: uuid,
    name: z.string(),
    timeZone: z.string().describe('IANA name; budget windows start and end in it.'),
    monthStartsOn: z.int().describe('Day on which a fiscal month starts.'),
    createdAt: instant,
  })
  .meta({ id: 'Organization' });

export const memberView = z
  .object({
    userId: uuid,
    email: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    state: z.enum(['active', 'disabled']).describe('disabled: may not sign in here.'),
    createdAt: instant,
  })
  .meta({ id: 'Member' });

export const balanceView = z
  .object({
    deposited: money.describe('Deposits less withdrawals.'),
    spent: money.describe('Settled usage.'),
    leased: money.describe('Held by running agents, not yet reported.'),
    available: money.describe('Free to lease.'),
    debt: money.describe('Reported beyond what was there; blocks new leases until it is covered.'),
  })
  .meta({ id: 'Balance' });

export const projectView = z
  .object({
    id: uuid,
    name: z.string(),
    state: z.enum(['active', 'paused', 'archived']),
    pauseReason: z.string().nullable(),
    policy: policyView,
    balance: balanceView,
    activeAgents: z.int().describe('Agent processes seen in the last minute.'),
    createdAt: instant,
  })
  .meta({ id: 'Project' });

const projectId = z.strictObject({ projectId: uuid });
const projectName = label(80);

export const listOrganizations = defineRoute({
  id: 'listOrganizations',
  method: 'GET',
  path: '/v1/organizations',
  tag: 'Organizations',
  summary: 'The organizations that you belong to',
  access: 'session:self',
  answer: z.object({ items: z.array(organizationView) }).meta({ id: 'OrganizationList' }),
  status: 200,
  errors: [],
});

export const createOrganization = defineRoute({
  id: 'createOrganization',
  method: 'POST',
  path: '/v1/organizations',
  tag: 'Organizations',
  summary:
    'Create an organization that you own (operators only); sign in again with its id to act in it',
  access: 'organization:create',
  body: z
    .strictObject({
      id: uuid
        .optional()
        .describe(
          'Made by you, so that you may repeat the request; the same id is the same organization.',
        ),
      name: label(80),
    })
    .meta({ id: 'OrganizationRequest' }),
  answer: organizationView,
  status: 201,
  errors: ['CONFLICT'],
});

export const updateOrganization = defineRoute({
  id: 'updateOrganization',
  method: 'PATCH',
  path: '/v1/organization',
  tag: 'Organizations',
  summary: 'Rename your organization, or set the calendar of its budgets',
  access: 'organization:manage',
  body: z
    .strictObject({
      name: label(80).optional(),
      timeZone: timeZone.optional(),
      monthStartsOn: z.int().min(1).max(28).optional(),
    })
    .meta({ id: 'OrganizationChange' }),
  answer: organizationView,
  status: 200,
  errors: [],
});

export const listMembers = defineRoute({
  id: 'listMembers',
  method: 'GET',
  path: '/v1/members',
  tag: 'Members',
  summary: 'Members of your organization',
  access: 'organization:read',
  answer: z.object({ items: z.array(memberView) }).meta({ id: 'MemberList' }),
  status: 200,
  errors: [],
});

export const addMember = defineRoute({
  id: 'addMember',
  method: 'POST',
  path: '/v1/members',
  tag: 'Members',
  summary: 'Add a member with a first password',
  access: 'organization:manage',
  body: z
    .strictObject({
      email,
      name: label(80),
      role: z.enum(['admin', 'developer', 'viewer']),
      password,
    })
    .meta({ id: 'MemberRequest' }),
  answer: memberView,
  status: 201,
  errors: ['EMAIL_TAKEN'],
});

export const updateMember = defineRoute({
  id: 'updateMember',
  method: 'PATCH',
  path: '/v1/members/{userId}',
  tag: 'Members',
  summary: 'Change the role of a member, disable or enable one; it counts for the next request',
  access: 'organization:manage',
  params: z.strictObject({ userId: uuid }),
  body: z
    .strictObject({ role: z.enum(ROLES).optional(), disabled: z.boolean().optional() })
    .refine(({ role, disabled }) => role !== undefined || disabled !== undefined, {
      error: 'Give a role, or whether the member is disabled.',
    })
    .meta({ id: 'MemberChange' }),
  answer: memberView,
  status: 200,
  errors: ['NOT_FOUND', 'FORBIDDEN', 'LAST_OWNER'],
});

export const removeMember = defineRoute({
  id: 'removeMember',
  method: 'DELETE',
  path: '/v1/members/{userId}',
  tag: 'Members',
  summary: 'Remove a member; what they did stays in the audit trail, their keys stay valid',
  access: 'organization:manage',
  params: z.strictObject({ userId: uuid }),
  status: 204,
  errors: ['NOT_FOUND', 'FORBIDDEN', 'LAST_OWNER'],
});

export const listProjects = defineRoute({
  id: 'listProjects',
  method: 'GET',
  path: '/v1/projects',
  tag: 'Projects',
  summary: 'Projects with their balances, by name',
  access: 'project:read',
  query: z.strictObject({ ...pageQuery, search: z.string().max(80).optional() }),
  answer: page(projectView).meta({ id: 'ProjectPage' }),
  status: 200,
  errors: [],
});

export const getProject = defineRoute({
  id: 'getProject',
  method: 'GET',
  path: '/v1/projects/{projectId}',
  tag: 'Projects',
  summary: 'One project',
  access: 'project:read',
  params: projectId,
  answer: projectView,
  status: 200,
  errors: ['NOT_FOUND'],
});

export const createProject = defineRoute({
  id: 'createProject',
  method: 'POST',
  path: '/v1/projects',
  tag: 'Projects',
  summary: 'Create a project with an empty balance',
  access: 'project:write',
  body: z
    .strictObject({ name: projectName, policy: policyChange.optional() })
    .meta({ id: 'ProjectRequest' }),
  answer: projectView,
  status: 201,
  errors: ['NAME_TAKEN'],
});

export const updateProject = defineRoute({
  id: 'updateProject',
  method: 'PATCH',
  path: '/v1/projects/{projectId}',
  tag: 'Projects',
  summary: 'Rename a project or change its policy',
  access: 'project:write',
  params: projectId,
  body: z
    .strictObject({ name: projectName.optional(), policy: policyChange.optional() })
    .meta({ id: 'ProjectChange' }),
  answer: projectView,
  status: 200,
  errors: ['NOT_FOUND', 'NAME_TAKEN'],
});

export const pauseProject = defineRoute({
  id: 'pauseProject',
  method: 'POST',
  path: '/v1/projects/{projectId}/pause',
  tag: 'Projects',
  summary: 'Stop the project: no new lease is granted, running agents stop within two seconds',
  access: 'project:pause',
  params: projectId,
  body: z.strictObject({ reason: label(200).optional() }).meta({ id: 'PauseRequest' }),
  answer: z
    .object({
      project: projectView,
      stillLeased: money.describe(
        'At most this much can still be spent by calls that are in flight.',
      ),
      leasedUntil: instant.nullable().describe('When the last open lease runs out.'),
    })
    .meta({ id: 'PauseAnswer' }),
  status: 200,
  errors: ['NOT_FOUND', 'PROJECT_ARCHIVED'],
});

export const resumeProject = defineRoute({
  id: 'resumeProject',
  method: 'POST',
  path: '/v1/projects/{projectId}/resume',
  tag: 'Projects',
  summary: 'Let a paused project run again',
  access: 'project:pause',
  params: projectId,
  answer: projectView,
  status: 200,
  errors: ['NOT_FOUND', 'PROJECT_ARCHIVED'],
});

export const archiveProject = defineRoute({
  id: 'archiveProject',
  method: 'POST',
  path: '/v1/projects/{projectId}/archive',
  tag: 'Projects',
  summary: 'End a project for good; refused while agents hold money of it',
  access: 'project:write',
  params: projectId,
  answer: projectView,
  status: 200,
  errors: ['NOT_FOUND', 'LEASES_OPEN'],
});

export const TEAMS_ROUTES = [
  listOrganizations,
  createOrganization,
  updateOrganization,
  listMembers,
  addMember,
  updateMember,
  removeMember,
  listProjects,
  getProject,
  createProject,
  updateProject,
  pauseProject,
  resumeProject,
  archiveProject,
];
