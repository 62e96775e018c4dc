import { hkdfSync, type KeyObject } from 'node:crypto';
import type { AgentPrincipal } from '../../kernel/principal.js';

const INFO = 'iron-cage/session-proof/v1';
const KEY_BYTES = 32;

/**
 * What a session proves itself with: HKDF-SHA256 (RFC 5869) of a secret of the server, without a salt, because the secret is random. It
 * depends on the Iron Cage key, too: the key of a session of another one cannot even be asked for.
 *
 * @returns 32 bytes
 */
export function sessionKeyOf(
  secret: KeyObject,
  { organizationId, keyId }: Pick<AgentPrincipal, 'organizationId' | 'keyId'>,
  sessionId: string,
): Buffer {
  const info = [INFO, organizationId, keyId, sessionId].join('\n');
  return Buffer.from(hkdfSync('sha256', secret, '', info, KEY_BYTES));
}
