export { Keyring, type ReadMasterKeys } from './keyring.js';
export { readMasterKeys } from './key-source.js';
export { rewrapServerSecrets } from './rewrap-server-secrets.js';
export { type SecretVersion, SecretVersions } from './secret-versions.js';
export { VaultHttp } from './providers/vault-http.js';
