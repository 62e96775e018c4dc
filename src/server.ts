import 'reflect-metadata';
import cookie from '@fastify/cookie';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { AppModule } from './app.module.js';
import { openApiDocument } from './kernel/openapi.js';
import { type Config, StartupError } from './platform/config/index.js';
import { dashboardPage } from './platform/dashboard/index.js';
import { openDatabase } from './platform/database/index.js';
import { encodeAnswers, ErrorFilter, httpAdapter, observeRequests } from './platform/http/index.js';
import { Keyring, readMasterKeys, type ReadMasterKeys } from './platform/keyring/index.js';
import { openHotStore } from './platform/redis/index.js';
import { createLogger, type Logger, NestLogger } from './platform/telemetry/index.js';
import { ROUTES } from './routes.js';
import { SetupService } from './teams/index.js';

export interface RunningServer {
  readonly url: string;
  readonly logger: Logger;
  /** Set while nobody owns the installation yet. */
  readonly setupToken: string | undefined;
  readonly embeddedDatabase: boolean;
  readonly migrated: number;
  readonly kekSource: string;
  close(): Promise<void>;
}

/**
 * Brings everything up in order (database, master key, Redis, HTTP) and takes it down again in the reverse order, whatever failed.
 *
 * @throws {StartupError} with the sentence for the operator
 */
export async function startServer(
  config: Config,
  progress: (step: string) => void = () => undefined,
): Promise<RunningServer> {
  const logger = createLogger(config.logLevel);
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse())
      await step().catch((error: unknown) => {
        logger.error({ err: error }, 'shutdown step failed');
      });
  };
  try {
    progress(
      config.databaseUrl === undefined
        ? 'starting the embedded database'
        : 'connecting to the database',
    );
    const readKeys: ReadMasterKeys = (known) => readMasterKeys(config, known);
    const database = await openDatabase(config, {
      // A wrong key must be noticed before a newer version changes the schema for it.
      beforeMigrations: (dataSource) => Keyring.refuseWrong(readKeys, dataSource),
      log: (line) => {
        logger.warn({ from: 'postgres' }, line);
      },
    });
    undo.push(() => database.close());
    const keyring = await Keyring.open(readKeys, database.dataSource);
    const hot = await openHotStore(config, logger);
    undo.push(() => hot.close());
    progress('starting the server');
    const app = await createApp(config, logger, {
      config,
      logger,
      dataSource: database.dataSource,
      keyring,
      hot,
    });
    undo.push(() => app.close());
    const url = await listen(app, config);
    // Not before the port is ours: a start that fails must not make the link of a running server worthless.
    const setupToken = await app.get(SetupService).ensureToken();
    return {
      url,
      logger,
      setupToken,
      embeddedDatabase: database.embedded,
      migrated: database.migrated,
      kekSource: keyring.source,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function createApp(
  config: Config,
  logger: Logger,
  runtime: Parameters<typeof AppModule.of>[0],
): Promise<NestFastifyApplication> {
  const adapter = httpAdapter(config);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(runtime), adapter, {
    logger: new NestLogger(logger),
    abortOnError: false,
    // Proofs of sessions are over the bytes that were sent.
    rawBody: true,
    forceCloseConnections: true,
  });
  const fastify = adapter.getInstance();
  await app.register(cookie);
  observeRequests(fastify, logger);
  encodeAnswers(fastify);
  app.useGlobalFilters(new ErrorFilter(logger));
  dashboardPage(fastify);
  SwaggerModule.setup('api/docs', app, openApiDocument(ROUTES, '1') as never, {
    jsonDocumentUrl: 'api/openapi.json',
    raw: ['json'],
  });
  await app.init();
  return app;
}

async function listen(app: NestFastifyApplication, config: Config): Promise<string> {
  try {
    await app.listen(config.port, config.host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new StartupError(
        'PORT_IN_USE',
        `Port ${config.port} on ${config.host} is in use, perhaps by another Iron Cage. Stop that program, or choose another port: PORT=3001 npm start`,
        error,
      );
    }
    if (code === 'EACCES') {
      throw new StartupError(
        'PORT_IN_USE',
        `Port ${config.port} needs special rights. Choose one above 1023: PORT=3000 npm start`,
        error,
      );
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new StartupError(
        'CONFIG_INVALID',
        `HOST=${config.host} is not an address of this machine. Use 127.0.0.1 for this machine only, or 0.0.0.0 for every network.`,
        error,
      );
    }
    throw error;
  }
  const address = app.getHttpServer().address() as { port: number };
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return (
    config.publicUrl ??
    `http://${host === '0.0.0.0' || host === '[::]' ? 'localhost' : host}:${address.port}`
  );
}
