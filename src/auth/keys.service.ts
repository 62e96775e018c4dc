import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError, notFound } from '../kernel/errors.js';
import { generateKey, keyPrefix } from '../kernel/iron-cage-key.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { type Tx, UnitOfWork } from '../platform/database/index.js';
import { AccessEpochs } from './access-epochs.js';
import type { createKey, listKeys, revokeKey } from './auth.contract.js';
import { type KeyRow, KeyStore } from './data/key-store.js';
import { hashKey, leakHash, sha256Of } from './domain/key-hash.js';
import { KeyPeppers } from './key-peppers.js';

const PAGE_SIZE = 50;
const DEFAULT_EXPIRY_DAYS = 90;
const KEY_ID = /^[0-9A-Za-z]{8}$/;

type KeyView = AnswerOf<typeof revokeKey>;

@Injectable()
export class KeysService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: KeyStore,
    private readonly audit: AuditTrail,
    private readonly epochs: AccessEpochs,
    private readonly peppers: KeyPeppers,
  ) {}

  async list(
    organizationId: string,
    query: InputOf<typeof listKeys>['query'],
  ): Promise<AnswerOf<typeof listKeys>> {
    const { cursor, projectId, limit = PAGE_SIZE } = query;
    if (cursor !== undefined && !KEY_ID.test(cursor)) {
      throw new AppError('VALIDATION_FAILED', 'The cursor is not one of ours; start without it.');
    }
    const filter = { projectId, after: cursor, limit: limit + 1 };
    const rows = await this.keys.page(organizationId, filter);
    const items = rows.slice(0, limit).map(viewOf);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async create(
    user: UserPrincipal,
    { params, body }: InputOf<typeof createKey>,
  ): Promise<AnswerOf<typeof createKey>> {
    const { organizationId } = user;
    const { projectId } = params;
    const { id, key } = generateKey(body.environment);
    const view = await this.unitOfWork.run(organizationId, async (tx) => {
      await this.refuseClosedProject(tx, organizationId, projectId);
      await this.keys.insert(tx, {
        organizationId,
        id,
        projectId,
        name: body.name,
        environment: body.environment,
        ...hashKey(this.peppers.current, key),
        leakHash: leakHash(this.peppers.leakKey, sha256Of(key)),
        createdBy: actorOf(user),
        expiresInDays: body.expiresInDays ?? DEFAULT_EXPIRY_DAYS,
      });
      const row = await this.keys.find(tx, organizationId, id);
      if (!row) throw new Error('a key was inserted and is not there');
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'key.create',
        target: `key:${id}`,
        details: {
          name: row.name,
          environment: row.environment,
          project: row.projectName,
          expiresAt: row.expiresAt,
        },
      });
      return viewOf(row);
    });
    this.epochs.announce(organizationId);
    return { key: view, secret: key };
  }

  /** For good. Revoking twice is the same as once. */
  async revoke(user: UserPrincipal, keyId: string): Promise<KeyView> {
    const { organizationId } = user;
    const view = await this.unitOfWork.run(organizationId, async (tx) => {
      const now = await this.keys.revoke(tx, organizationId, keyId);
      const row = await this.keys.find(tx, organizationId, keyId);
      if (!row) throw notFound('key');
      if (now) {
        await this.audit.record(tx, {
          organizationId,
          actor: actorOf(user),
          action: 'key.revoke',
          target: `key:${keyId}`,
          details: { name: row.name, project: row.projectName },
        });
        await this.epochs.bump(tx, organizationId);
      }
      return viewOf(row);
    });
    this.epochs.announce(organizationId);
    return view;
  }

  private async refuseClosedProject(
    tx: Tx,
    organizationId: string,
    projectId: string,
  ): Promise<void> {
    const project = await this.keys.lockProject(tx, organizationId, projectId);
    if (!project) throw notFound('project');
    if (project.state === 'archived') {
      throw new AppError(
        'PROJECT_ARCHIVED',
        'This project is archived and takes no new keys; use another project.',
      );
    }
  }
}

function viewOf(row: KeyRow): KeyView {
  return { ...row, prefix: keyPrefix(row.environment, row.id) };
}
