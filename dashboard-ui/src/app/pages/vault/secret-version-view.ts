import type { Schemas } from '../../api/client';
import type { Tone } from '../../ui';

type Version = Schemas['SecretVersion'];

export function versionState(version: Version): { text: string; tone: Tone } {
  switch (version.state) {
    case 'current':
      return { text: 'Handed out', tone: 'ok' };
    case 'destroyed':
      return { text: 'Destroyed', tone: 'neutral' };
    case 'earlier':
      return version.safeToDelete
        ? { text: 'Safe to delete', tone: 'accent' }
        : { text: 'Still held', tone: 'warn' };
  }
}

export function liveText({ liveSessions }: Version): string {
  if (liveSessions === 0) return 'Held by no agent';
  return liveSessions === 1 ? 'Held by 1 agent' : `Held by ${liveSessions} agents`;
}
