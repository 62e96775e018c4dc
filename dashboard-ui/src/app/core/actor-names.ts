import { computed, inject, Injectable } from '@angular/core';
import { Api } from '../api/client';

/** Names for the actors of ledger entries: `user:<id>` becomes the member's name, `key:<id>` "key <id>". */
@Injectable()
export class ActorNames {
  private readonly members = inject(Api).get('/v1/members', () => ({}), ['members']);
  private readonly names = computed(
    () => new Map((this.members.value()?.items ?? []).map(({ userId, name }) => [userId, name])),
  );

  of(actor: string): string {
    const [kind, id] = actor.split(':', 2);
    if (id === undefined) return actor;
    return kind === 'user' ? (this.names().get(id) ?? actor) : `${kind ?? ''} ${id}`;
  }
}
