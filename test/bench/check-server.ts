// Fastify that answers like the reference, behind the check of keys that the server makes, and nothing else of the server.
import 'reflect-metadata';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { ExecutionContext } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AccessEpochs } from '../../src/auth/access-epochs.js';
import { AccessEpochStore } from '../../src/auth/data/access-epoch-store.js';
import { KeyRecords } from '../../src/auth/data/key-records.js';
import { KeyCheckStore } from '../../src/auth/data/key-check-store.js';
import { KeyAuthenticator } from '../../src/auth/key-authenticator.js';
import { KeyGuesses } from '../../src/auth/key-guesses.js';
import { KeyPeppers } from '../../src/auth/key-peppers.js';
import { KeyUse } from '../../src/auth/key-use.js';
import type { Principal } from '../../src/kernel/principal.js';
import { readConfig } from '../../src/platform/config/index.js';
import { dataSourceOptions, UnitOfWork } from '../../src/platform/database/index.js';
import { RequestLimitsGuard } from '../../src/platform/http/index.js';
import { Keyring } from '../../src/platform/keyring/index.js';
import { RateLimits } from '../../src/platform/limits/index.js';
import { openHotStore } from '../../src/platform/redis/index.js';
import { createLogger } from '../../src/platform/telemetry/index.js';
import { idleJobs } from '../harness/idle-jobs.js';

const ANSWER = { projectId: '00000000-0000-7000-8000-000000000000', ok: true };

type Check = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

async function realCheck(): Promise<Check> {
  const config = readConfig();
  const logger = createLogger('error');
  const database = await new DataSource(dataSourceOptions(config.databaseUrl ?? '')).initialize();
  const current = {
    bytes: Buffer.from(config.kek ?? '', 'hex'),
    source: 'bench',
    fresh: false,
  };
  const keyring = await Keyring.open(() => Promise.resolve({ current, previous: [] }), database);
  const hot = await openHotStore(config, logger);
  const unitOfWork = new UnitOfWork(database);
  const limits = new RateLimits(hot.redis);
  const epochs = new AccessEpochs(new AccessEpochStore(unitOfWork), hot.signals, logger);
  await epochs.onApplicationBootstrap();
  const store = new KeyCheckStore(unitOfWork);
  const authenticator = new KeyAuthenticator(
    store,
    new KeyRecords(hot.redis, (await keyring.serverSecret('key-record-key')).bytes),
    await KeyPeppers.open(keyring, idleJobs()),
    new KeyGuesses(limits, config),
    new KeyUse(store, logger),
    epochs,
    logger,
  );
  const guard = new RequestLimitsGuard(limits, config);
  return async (request, reply) => {
    const bearer = (request.headers.authorization ?? '').slice('Bearer '.length);
    const principal: Principal = await authenticator.authenticate(bearer, request.ip);
    const http = { getRequest: () => ({ principal, ip: request.ip }), getResponse: () => reply };
    guard.canActivate({ switchToHttp: () => http } as unknown as ExecutionContext);
  };
}

const app = fastify();
if (process.env['CHECKED'] === 'true') {
  app.addHook('onRequest', await realCheck());
}
app.post('/check', () => ANSWER);
await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${JSON.stringify(app.server.address())}\n`);
