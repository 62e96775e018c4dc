import { type Nano, showMoney } from '../../kernel/money.js';
import type { ProjectTerms } from './state.js';
import type { WorkingSet } from './working-set.js';

const SERVER = 'server';

/**
 * A key met the velocity limit of its project: records it, and pauses the project or blocks the key if its policy says so. What follows
 * in the same batch is refused already.
 */
export function respondToHaste(
  set: WorkingSet,
  keyId: string,
  project: ProjectTerms,
  { pace, limit }: { readonly pace: Nano; readonly limit: Nano },
): void {
  if (project.onVelocity === 'off') return;
  // A project that only observes stops nobody.
  const action = project.mode === 'enforce' ? project.onVelocity : 'alert';
  const known = set.changes.anomalies.get(keyId);
  if (known) {
    known.times++;
    return;
  }
  const summary = `Project "${project.name}" leased ${showMoney(pace)} within a minute; its limit is ${showMoney(limit)}.`;
  set.changes.anomalies.set(keyId, {
    projectId: project.id,
    keyId,
    action,
    summary,
    perMinute: pace,
    limit,
    times: 1,
  });
  if (action === 'pause') pause(set, project, summary);
  else if (action === 'block') block(set, keyId, project, summary);
}

function pause(set: WorkingSet, project: ProjectTerms, summary: string): void {
  set.projects.set(project.id, { ...project, state: 'paused', pauseReason: summary });
  set.changes.pauses.set(project.id, summary);
  set.changes.audit.push({
    actor: SERVER,
    action: 'project.pause',
    target: `project:${project.id}`,
    details: { name: project.name, reason: summary },
  });
}

function block(set: WorkingSet, keyId: string, project: ProjectTerms, summary: string): void {
  for (const [id, session] of set.sessions)
    if (session.keyId === keyId) set.sessions.set(id, { ...session, keyRevoked: true });
  set.changes.blocks.add(keyId);
  set.changes.audit.push({
    actor: SERVER,
    action: 'key.anomaly',
    target: `key:${keyId}`,
    details: { kind: 'velocity', action: 'block', summary, projectId: project.id },
  });
  set.changes.events.push({
    kind: 'key.anomaly',
    payload: {
      kind: 'velocity',
      scope: 'key',
      scopeId: keyId,
      projectId: project.id,
      action: 'block',
      summary,
    },
  });
}
