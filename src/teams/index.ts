export { KillSwitch } from './kill-switch.js';
export type { Policy, Project, ProjectRecord, ProjectState } from './domain/project.js';
export { type Exposure, ProjectAccounts, type ProjectBalance } from './project-accounts.js';
export { ProjectDirectory } from './project-directory.js';
export { SetupService } from './setup.service.js';
export { TeamsModule } from './teams.module.js';
