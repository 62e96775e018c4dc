import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { AuthModule } from '../auth/index.js';
import { InstallationStore } from './data/installation-store.js';
import { PeopleStore } from './data/people-store.js';
import { ProjectStore } from './data/project-store.js';
import { OrganizationsController } from './http/organizations.controller.js';
import { ProjectsController } from './http/projects.controller.js';
import { SetupController } from './http/setup.controller.js';
import { SignInController } from './http/sign-in.controller.js';
import { KillSwitch } from './kill-switch.js';
import { MemberChanges } from './member-changes.service.js';
import { MembersService } from './members.service.js';
import { OrganizationsService } from './organizations.service.js';
import { OwnPassword } from './own-password.service.js';
import { ProjectArchive } from './project-archive.js';
import { ProjectDirectory } from './project-directory.js';
import { ProjectsService } from './projects.service.js';
import { SetupService } from './setup.service.js';
import { SignInService } from './sign-in.service.js';

/** Needs `ProjectAccounts`, which the application binds to the billing feature. */
@Module({
  imports: [AuditModule, AuthModule],
  controllers: [SetupController, SignInController, OrganizationsController, ProjectsController],
  providers: [
    InstallationStore,
    PeopleStore,
    ProjectStore,
    KillSwitch,
    MemberChanges,
    MembersService,
    OrganizationsService,
    OwnPassword,
    ProjectArchive,
    ProjectDirectory,
    ProjectsService,
    SetupService,
    SignInService,
  ],
  exports: [KillSwitch, ProjectDirectory, SetupService],
})
export class TeamsModule {}
