import type { z } from 'zod';
import { AppError } from '../../kernel/errors.js';
import type { policyView } from '../policy.contract.js';
import type { projectView } from '../teams.contract.js';

export type Policy = z.output<typeof policyView>;
export type ProjectState = z.output<typeof projectView>['state'];

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly state: ProjectState;
  readonly pauseReason: string | null;
  readonly policy: Policy;
  readonly createdAt: Date;
}

/** A project as other features see it. */
export interface ProjectRecord extends Project {
  readonly organizationName: string;
}

/** @throws {AppError} PROJECT_ARCHIVED */
export function refuseArchived(project: Project): void {
  if (project.state !== 'archived') return;
  throw new AppError(
    'PROJECT_ARCHIVED',
    'This project is archived and cannot run; use another project.',
  );
}
