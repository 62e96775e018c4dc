import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { readConfig } from './src/platform/config/index.js';
import { dataSourceOptions, embeddedDatabase } from './src/platform/database/index.js';

// The TypeORM CLI awaits a promised DataSource: without DATABASE_URL it gets the embedded server.
async function create(): Promise<DataSource> {
  const config = readConfig();
  const url = config.databaseUrl ?? (await embeddedDatabase(config)).url;
  return new DataSource(dataSourceOptions(url));
}

export default create();
