export type { BudgetView } from './core/budget-view.js';
export type { RunBudgetView, RunLimits } from './context/run-budget.js';
export type { RunAttribution } from './context/run-context.js';
export type { BudgetRequest, BudgetRequestState } from './core/budget-request.js';
export { Cage } from './core/cage.js';
export type { CageEvents, CageListener } from './core/events.js';
export { IronCage } from './core/iron-cage.js';
export type { IronCageOptions } from './core/options.js';
export type { RunStateName } from './core/run-state.js';
export { SDK_VERSION } from './core/session.js';
export * from './errors/catalogue.js';
export {
  findIronCageError,
  IronCageError,
  type IronCageErrorOptions,
} from './errors/iron-cage-error.js';
export { PricesNotTrustedError } from './prices/signed-prices.js';
export type { Bucket, TokenUsage } from './prices/usage.js';
export type { PiiType } from './safety/finding.js';
export type { PiiAction, PiiPattern, PiiPolicy } from './safety/policy.js';
export type { PiiPosition, PiiReport } from './safety/safety-filter.js';
export type { Outcome } from './wire/protocol.js';
