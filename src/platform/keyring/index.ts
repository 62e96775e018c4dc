export { Keyring } from './keyring.js';
export { type MasterKey, readMasterKey } from './master-key.js';
