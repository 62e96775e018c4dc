import type { ApiClient } from './api/api-client.js';
import type { Member } from './api/types.js';

/** Who did something, as people know them: `user:…` becomes the member's e-mail address while there is one, `key:abc` becomes `key abc`. */
export async function actorNames(client: ApiClient): Promise<(actor: string) => string> {
  const { items } = await client.get<{ items: Member[] }>('/v1/members');
  const emails = new Map(items.map(({ userId, email }) => [userId, email]));
  return (actor) => {
    const [kind = '', id] = actor.split(':', 2);
    if (id === undefined) return actor;
    return kind === 'user' ? (emails.get(id) ?? actor) : `${kind} ${id}`;
  };
}
