import pg from 'pg';
import {
  type DataSourceOptions,
  type EntitySubscriberInterface,
  EventSubscriber,
  type TransactionStartEvent,
} from 'typeorm';
import { MIGRATIONS } from './migrations/index.js';

const INT8_OID = 20;

// node-postgres hands int8 over as a string, and string + number is a money bug: here it is a bigint everywhere.
pg.types.setTypeParser(INT8_OID, BigInt);

/** What runs in TypeORM's own transactions is the migrations, and the start: for no organization in particular. */
@EventSubscriber()
class EveryOrganization implements EntitySubscriberInterface {
  async afterTransactionStart({ queryRunner }: TransactionStartEvent): Promise<void> {
    await queryRunner.query(`SET LOCAL iron_cage.scope = 'system'`);
  }
}

/**
 * Every wait has a limit: the defaults of pg hang for as long as the kernel does when a network is cut.
 */
export function dataSourceOptions(url: string, poolSize = 20): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities: [],
    subscribers: [EveryOrganization],
    migrations: MIGRATIONS,
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    poolSize,
    applicationName: 'iron-cage',
    connectTimeoutMS: 5_000,
    extra: {
      // A statement is sent without waiting for the answer to the one before: see UnitOfWork.
      pipeline: true,
      keepAlive: true,
      query_timeout: 15_000,
      statement_timeout: 10_000,
      lock_timeout: 5_000,
      idle_in_transaction_session_timeout: 10_000,
      idleTimeoutMillis: 30_000,
    },
  };
}
