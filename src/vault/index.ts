export { SecretRevisions, type SecretsOf } from './secret-revisions.js';
export { SessionTerms } from './session-terms.js';
export { VaultModule } from './vault.module.js';
