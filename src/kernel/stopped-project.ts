import type { ErrorCode } from './errors.js';

/** Why a project may not run now; `undefined`: it may. */
export function whyStopped(project: {
  readonly name: string;
  readonly state: 'active' | 'paused' | 'archived';
  readonly pauseReason: string | null;
}): { code: ErrorCode; message: string } | undefined {
  switch (project.state) {
    case 'active':
      return undefined;
    case 'paused': {
      const why = project.pauseReason === null ? '' : ` (${project.pauseReason})`;
      return {
        code: 'PROJECT_PAUSED',
        message: `Project "${project.name}" is paused${why}. Somebody with access to the dashboard can resume it.`,
      };
    }
    case 'archived':
      return {
        code: 'PROJECT_ARCHIVED',
        message: `Project "${project.name}" is archived; use a key of another project.`,
      };
  }
}
