import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError, notFound } from '../kernel/errors.js';
import { generateKey, keyPrefix, renewKey } from '../kernel/iron-cage-key.js';
import { printMoney } from '../kernel/money.js';
import { KEY_SCOPES } from '../kernel/permissions.js';
import { actorOf, type UserPrincipal } from '../kernel/principal.js';
import { hashOf, isRepetition } from '../kernel/request-hash.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { type Tx, UnitOfWork } from '../platform/database/index.js';
import { AccessEpochs } from './access-epochs.js';
import { type KeyRow, KeyStore, type StoredSecret } from './data/key-store.js';
import { hashKey, leakHash, type Pepper, sha256Of } from './domain/key-hash.js';
import { KeyPeppers } from './key-peppers.js';
import { KeySpendCap } from './key-spend-cap.js';
import type { createKey, listKeys, revokeKey, rotateKey, updateKey } from './keys.contract.js';

const PAGE_SIZE = 50;
const DEFAULT_EXPIRY_DAYS = 90;
const DEFAULT_OVERLAP_MINUTES = 60;
const KEY_ID = /^[0-9A-Za-z]{8}$/;

type KeyView = AnswerOf<typeof revokeKey>;

/** Iron Cage keys as people make, change, rotate and revoke them. */
@Injectable()
export class KeysService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: KeyStore,
    private readonly audit: AuditTrail,
    private readonly epochs: AccessEpochs,
    private readonly peppers: KeyPeppers,
    private readonly spendCap: KeySpendCap,
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
    const { spendCap, requestId } = body;
    const pepper = await this.peppers.forNew();
    const requestHash = requestId === undefined ? null : hashOf({ projectId, ...body });
    const view = await this.unitOfWork.run(organizationId, async (tx) => {
      await this.refuseRepetition(tx, organizationId, requestId, requestHash);
      await this.refuseUnfitProject(tx, organizationId, projectId, body.environment);
      const isMade = await this.keys.insert(tx, {
        organizationId,
        id,
        projectId,
        name: body.name,
        environment: body.environment,
        scopes: [...new Set(body.scopes ?? KEY_SCOPES)],
        allowedAddresses: body.allowedAddresses ?? [],
        models: body.models ?? [],
        requestsPerMinute: body.requestsPerMinute ?? null,
        ...this.stored(key, pepper),
        createdBy: actorOf(user),
        expiresInDays: body.expiresInDays ?? DEFAULT_EXPIRY_DAYS,
        requestId: requestId ?? null,
        requestHash,
      });
      // The same id came twice at once: the other one has just been committed.
      if (!isMade) await this.refuseRepetition(tx, organizationId, requestId, requestHash);
      const owner = { organizationId, keyId: id, actor: actorOf(user) };
      if (spendCap !== undefined) await this.spendCap.create(tx, owner, spendCap);
      const row = await this.must(tx, organizationId, id);
      await this.record(tx, user, 'key.create', row, {
        environment: row.environment,
        expiresAt: row.expiresAt,
        ...rulesOf(row),
        ...(spendCap !== undefined && { spendCap: printMoney(spendCap) }),
      });
      return viewOf(row);
    });
    this.epochs.announce(organizationId);
    return { key: view, secret: key };
  }

  /** What a repetition asks for cannot be told again. @throws {AppError} CONFLICT */
  private async refuseRepetition(
    tx: Tx,
    organizationId: string,
    requestId: string | undefined,
    requestHash: Buffer | null,
  ): Promise<void> {
    if (requestId === undefined || requestHash === null) return;
    const before = await this.keys.madeBy(tx, organizationId, requestId);
    if (before === undefined || !isRepetition(before, requestHash, 'key')) return;
    throw new AppError(
      'CONFLICT',
      `The key ${before.id} was made by an earlier attempt, and its secret is told only once. Rotate it to get another secret, or revoke it and make a new key.`,
      { details: { keyId: before.id } },
    );
  }

  async update(user: UserPrincipal, { params, body }: InputOf<typeof updateKey>): Promise<KeyView> {
    const { organizationId } = user;
    return this.change(user, async (tx) => {
      await this.keys.update(tx, organizationId, params.keyId, {
        ...body,
        ...(body.scopes && { scopes: [...new Set(body.scopes)] }),
      });
      const row = await this.must(tx, organizationId, params.keyId);
      await this.record(tx, user, 'key.update', row, body);
      return row;
    });
  }

  /** Its id stays, and with it everything that was counted and limited by it. */
  async rotate(
    user: UserPrincipal,
    { params, body }: InputOf<typeof rotateKey>,
  ): Promise<AnswerOf<typeof rotateKey>> {
    const { organizationId } = user;
    const { overlapMinutes = DEFAULT_OVERLAP_MINUTES, expiresInDays = DEFAULT_EXPIRY_DAYS } = body;
    const { requestId = null } = body;
    const requestHash = requestId === null ? null : hashOf(body);
    const pepper = await this.peppers.forNew();
    let secret = '';
    const view = await this.change(user, async (tx) => {
      const { id, environment } = await this.must(tx, organizationId, params.keyId);
      secret = renewKey(environment, id);
      const request = { requestId, requestHash };
      const isAgain = await this.isRotatedBy(tx, { organizationId, id }, request);
      const next = { ...this.stored(secret, pepper), overlapMinutes, expiresInDays, ...request };
      if (!(await this.keys.rotate(tx, { organizationId, id }, next))) {
        throw new AppError('CONFLICT', 'This key was revoked; create a new one instead.');
      }
      const row = await this.must(tx, organizationId, id);
      const details = {
        ...(isAgain ? { again: true } : { overlapMinutes }),
        expiresAt: row.expiresAt,
      };
      await this.record(tx, user, 'key.rotate', row, details);
      return row;
    });
    return { key: view, secret };
  }

  /** @throws {AppError} CONFLICT when its id stands for another rotation */
  private async isRotatedBy(
    tx: Tx,
    key: { organizationId: string; id: string },
    { requestId, requestHash }: { requestId: string | null; requestHash: Buffer | null },
  ): Promise<boolean> {
    if (requestId === null || requestHash === null) return false;
    const before = await this.keys.rotatedBy(tx, key.organizationId, key.id, requestId);
    return isRepetition(before, requestHash, 'rotation');
  }

  /** For good. Revoking twice is the same as once. */
  async revoke(user: UserPrincipal, keyId: string): Promise<KeyView> {
    const { organizationId } = user;
    return this.change(user, async (tx) => {
      const now = await this.keys.revoke(tx, organizationId, keyId);
      const row = await this.must(tx, organizationId, keyId);
      if (now) await this.record(tx, user, 'key.revoke', row);
      return row;
    });
  }

  /** What replicas remember of the key is wrong from the commit on. */
  private async change(
    { organizationId }: UserPrincipal,
    work: (tx: Tx) => Promise<KeyRow>,
  ): Promise<KeyView> {
    const row = await this.unitOfWork.run(organizationId, async (tx) => {
      const changed = await work(tx);
      await this.epochs.bump(tx, organizationId);
      return changed;
    });
    this.epochs.announce(organizationId);
    return viewOf(row);
  }

  private stored(key: string, pepper: Pepper): StoredSecret {
    return {
      ...hashKey(pepper, key),
      leakHash: leakHash(this.peppers.leakKey, sha256Of(key)),
    };
  }

  private async must(tx: Tx, organizationId: string, keyId: string): Promise<KeyRow> {
    const row = await this.keys.find(tx, organizationId, keyId);
    if (!row) throw notFound('key');
    return row;
  }

  private record(
    tx: Tx,
    user: UserPrincipal,
    action: string,
    row: KeyRow,
    details: Record<string, unknown> = {},
  ): Promise<void> {
    return this.audit.record(tx, {
      organizationId: user.organizationId,
      actor: actorOf(user),
      action,
      target: `key:${row.id}`,
      details: { name: row.name, project: row.projectName, ...details },
    });
  }

  private async refuseUnfitProject(
    tx: Tx,
    organizationId: string,
    projectId: string,
    environment: 'dev' | 'live',
  ): Promise<void> {
    const project = await this.keys.lockProject(tx, organizationId, projectId);
    if (!project) throw notFound('project');
    if (project.state === 'archived') {
      throw new AppError(
        'PROJECT_ARCHIVED',
        'This project is archived and takes no new keys; use another project.',
      );
    }
    if (project.environment !== 'any' && project.environment !== environment) {
      throw new AppError(
        'CONFLICT',
        `Project "${project.name}" takes ic_${project.environment}_ keys only. Choose that environment, or another project.`,
      );
    }
  }
}

function rulesOf({ scopes, allowedAddresses, models, requestsPerMinute }: KeyRow) {
  return { scopes, allowedAddresses, models, requestsPerMinute };
}

function viewOf({ recentIps, ...row }: KeyRow): KeyView {
  return {
    ...row,
    scopes: [...row.scopes],
    allowedAddresses: [...row.allowedAddresses],
    models: [...row.models],
    prefix: keyPrefix(row.environment, row.id),
    recentAddresses: recentIps.map(({ ip, at }) => ({ address: ip, lastUsedAt: new Date(at) })),
  };
}
