import { Injectable } from '@nestjs/common';
import type { Tx } from '../platform/database/index.js';
import { ProjectStore } from './data/project-store.js';
import type { ProjectRecord } from './domain/project.js';

/** Projects as other features see them. */
@Injectable()
export class ProjectDirectory {
  constructor(private readonly projects: ProjectStore) {}

  /** @param tx given, the read sees what this transaction sees: after `ProjectAccounts.lock`, the state that a pause left */
  get(organizationId: string, projectId: string, tx?: Tx): Promise<ProjectRecord | undefined> {
    return this.projects.findRecord(organizationId, projectId, tx);
  }
}
