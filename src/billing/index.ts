export { KeyTotals } from './budgets/key-totals.js';
export { Balances } from './accounts/balances.js';
export { BillingModule } from './billing.module.js';
export { PriceBook } from './prices/price-book.js';
export { SessionSecrets } from './leases/session-secrets.js';
