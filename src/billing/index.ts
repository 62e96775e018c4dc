export { Balances } from './accounts/balances.js';
export { BillingModule } from './billing.module.js';
export { PriceBook } from './prices/price-book.js';
