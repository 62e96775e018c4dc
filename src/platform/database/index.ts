export { type Database, embeddedDatabase, migrate, openDatabase } from './connect.js';
export { dataSourceOptions } from './options.js';
export {
  addMonths,
  firstLeaseOf,
  isBusy,
  type Month,
  type Partition,
  Partitions,
} from './partitions.js';
export { type Scope, SHARED, SYSTEM } from './scope.js';
export {
  type Prepared,
  prepared,
  type Tx,
  UnitOfWork,
  violatedConstraint,
} from './unit-of-work.js';
