import type { Schemas } from '../../api/client';

export const roleMeaning: Record<Schemas['Member']['role'], string> = {
  owner: 'everything',
  admin: 'everything: projects, money, keys, secrets, members',
  developer: 'see everything, create and revoke keys, pause and resume',
  viewer: 'see everything, change nothing',
};
