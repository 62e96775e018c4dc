import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { systemClock } from '../kernel/clock.js';
import { AppError } from '../kernel/errors.js';
import { actorOf, type AgentPrincipal } from '../kernel/principal.js';
import { open, SealBrokenError } from '../kernel/sealed-box.js';
import type { Tx } from '../platform/database/index.js';
import { DataKeys } from './data/data-keys.js';
import { secretContext } from './domain/context.js';

const INFO = new TextEncoder().encode('iron-cage/secrets/v1');
const TTL_SECONDS = 3_600;

export interface OpenedSecret {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly version: number;
  readonly hosts: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
}

export interface Delivery {
  readonly enc: string;
  readonly ciphertext: string;
  readonly expiresAt: number;
  readonly ttlSeconds: number;
}

interface Row {
  id: string;
  name: string;
  provider: string;
  hosts: string[];
  version: number;
  data_key_id: string;
  sealed: Buffer;
}

// Of two secrets that fill the same field the project's own comes last, and so wins.
const FOR_PROJECT = `
  SELECT s.id, s.name, s.provider, s.hosts, v.version, v.data_key_id, v.sealed
  FROM provider_secrets s
  JOIN provider_secret_versions v ON v.organization_id = s.organization_id AND v.secret_id = s.id AND v.version = s.current_version
  WHERE s.organization_id = $1 AND (s.project_id IS NULL OR s.project_id = $2)
  ORDER BY s.project_id IS NOT NULL, s.id
  LIMIT 64`;

/** Opens a project's secrets and seals them to one session; every read leaves its audit row in the same transaction. */
@Injectable()
export class SecretDelivery {
  private readonly suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });

  constructor(
    private readonly dataKeys: DataKeys,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws {AppError} PROJECT_HAS_NO_SECRET */
  async open(
    tx: Tx,
    agent: AgentPrincipal,
    projectName: string,
    sessionId: string,
  ): Promise<OpenedSecret[]> {
    const { organizationId } = agent;
    const rows = await tx.query<Row>(FOR_PROJECT, [organizationId, agent.projectId]);
    if (rows.length === 0) {
      throw new AppError(
        'PROJECT_HAS_NO_SECRET',
        `Project "${projectName}" has no provider key. Add one in the dashboard (Vault), or with: iron-cage secret add`,
      );
    }
    const keys = await this.dataKeys.byIds(tx, organizationId, [
      ...new Set(rows.map((row) => row.data_key_id)),
    ]);
    await this.audit.recordAll(
      tx,
      rows.map((row) => ({
        organizationId,
        actor: actorOf(agent),
        action: 'secret.deliver',
        target: `secret:${row.id}`,
        details: { version: row.version, sessionId },
      })),
    );
    return rows.map((row) => {
      const key = keys.get(row.data_key_id);
      if (!key) throw new Error(`data key ${row.data_key_id} is gone`);
      const context = secretContext({
        organizationId,
        secretId: row.id,
        version: row.version,
        dataKeyId: row.data_key_id,
      });
      return {
        id: row.id,
        name: row.name,
        provider: row.provider,
        version: row.version,
        hosts: row.hosts,
        fields: fieldsOf(key.bytes, row.sealed, context),
      };
    });
  }

  /**
   * HPKE (RFC 9180, base mode) to the session's public key; the associated data binds session, nonce and expiry.
   *
   * @throws {AppError} KEY_EXCHANGE_FAILED for a public key that is no point of the curve, or one of low order
   */
  async sealTo(
    publicKey: string,
    nonce: string,
    sessionId: string,
    secrets: readonly OpenedSecret[],
  ): Promise<Delivery> {
    const expiresAt = Math.floor(systemClock.now() / 1000) + TTL_SECONDS;
    const plaintext = new TextEncoder().encode(JSON.stringify({ secrets }));
    try {
      // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- the library's types need the DOM's CryptoKey
      const recipientPublicKey = await this.suite.kem.deserializePublicKey(
        Buffer.from(publicKey, 'base64url'),
      );
      const sealed = await this.suite.seal(
        // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- as above
        { recipientPublicKey, info: INFO },
        plaintext,
        new TextEncoder().encode(`${sessionId}.${nonce}.${expiresAt}`),
      );
      return {
        enc: Buffer.from(sealed.enc).toString('base64url'),
        ciphertext: Buffer.from(sealed.ct).toString('base64url'),
        expiresAt,
        ttlSeconds: TTL_SECONDS,
      };
    } catch (cause) {
      throw new AppError(
        'KEY_EXCHANGE_FAILED',
        'The public key is not a usable X25519 key. Make a fresh key pair for each session.',
        { cause },
      );
    } finally {
      plaintext.fill(0);
    }
  }
}

function fieldsOf(key: Buffer, sealed: Buffer, context: string[]): Record<string, string> {
  try {
    return JSON.parse(open(key, sealed, context).toString('utf8')) as Record<string, string>;
  } catch (error) {
    if (!(error instanceof SealBrokenError)) throw error;
    throw new AppError(
      'INTERNAL',
      'A stored provider key cannot be opened; the log has the details under this request id.',
      {
        internal: `sealed secret does not open: ${context.join('/')}`,
        cause: error,
      },
    );
  }
}
