import { dollarsOf } from '../context/dollars.js';
import { ConfigurationError } from '../errors/catalogue.js';
import { uuidV7 } from '../identity/uuid.js';
import { formatUsd } from '../money/money.js';
import type { Transport } from '../wire/transport.js';
import { UnreachableError } from '../wire/unreachable.js';

/** What an agent asks people for. */
export interface BudgetRequest {
  /** Dollars, as a decimal string: `'5'`. */
  readonly amount: string;
  /** Shown to whoever decides; at most 200 characters. */
  readonly reason: string;
  /** The budget that refused (`details.budgetId` of the error). Left out: the project's balance. */
  readonly budgetId?: string;
}

/** Where a request stands. People decide on it in the dashboard or with `iron-cage`. */
export interface BudgetRequestState {
  readonly id: string;
  readonly state: 'open' | 'approved' | 'declined';
  readonly amountUsd: string;
}

const REASON_MAX = 200;
const ATTEMPTS = 3;
const TIMEOUT_MS = 5_000;

/**
 * Sends a request for more budget. The id is made here, so that a lost answer does not make two.
 * @throws ConfigurationError for what is no amount; IronCageError with the refusal of the server
 */
export async function requestBudget(
  transport: Transport,
  wallMs: number,
  request: BudgetRequest,
): Promise<BudgetRequestState> {
  const { amount, reason, budgetId } = request;
  const reasonText = reason.trim();
  if (reasonText === '' || reasonText.length > REASON_MAX) {
    throw new ConfigurationError(`Say why, in 1 to ${REASON_MAX.toString()} characters.`);
  }
  const body = {
    id: uuidV7(wallMs),
    amount: formatUsd(dollarsOf(amount)),
    reason: reasonText,
    ...(budgetId === undefined ? {} : { budgetId }),
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const options = { timeoutMs: TIMEOUT_MS };
      const answer = await transport.call('POST', 'v1/sdk/budget-requests', body, options);
      const told = answer as { id: string; state: BudgetRequestState['state']; amount: string };
      return { id: told.id, state: told.state, amountUsd: told.amount };
    } catch (error) {
      if (!(error instanceof UnreachableError) || attempt === ATTEMPTS) throw error;
    }
  }
}
