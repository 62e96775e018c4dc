import type { Tx } from '../database/index.js';
import { type Keyring, serverSecretContext } from './keyring.js';

interface Row {
  name: string;
  version: number;
  kek_id: string;
  sealed: Buffer;
}

/**
 * Wraps the server's own secrets under the current master key. Again is the same as once.
 *
 * @returns how many were wrapped under another one
 */
export async function rewrapServerSecrets(keyring: Keyring, tx: Tx): Promise<number> {
  const rows = await tx.query<Row>(
    'SELECT name, version, kek_id, sealed FROM server_secrets WHERE kek_id <> $1 ORDER BY name, version FOR UPDATE',
    [keyring.kekId],
  );
  for (const { name, version, kek_id: kekId, sealed } of rows) {
    const context = serverSecretContext(name, version);
    const bytes = keyring.unwrap(sealed, context, kekId);
    await tx.query(
      'UPDATE server_secrets SET kek_id = $3, sealed = $4 WHERE name = $1 AND version = $2',
      [name, version, keyring.kekId, keyring.wrap(bytes, context)],
    );
    bytes.fill(0);
  }
  return rows.length;
}
