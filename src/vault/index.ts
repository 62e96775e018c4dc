export { SessionTerms } from './session-terms.js';
export { VaultModule } from './vault.module.js';
