import { Identity1700000001000 } from './1000-identity.js';
import { Projects1700000002000 } from './2000-projects.js';
import { Vault1700000003000 } from './3000-vault.js';
import { Ledger1700000004000 } from './4000-ledger.js';
import { Budgets1700000005000 } from './5000-budgets.js';
import { LedgerAudits1700000005500 } from './5500-ledger-audits.js';
import { Prices1700000006000 } from './6000-prices.js';
import { AccessEpochs1700000007000 } from './7000-access-epochs.js';
import { KeyRules1700000007010 } from './7010-key-rules.js';
import { KilledSessions1700000007100 } from './7100-killed-sessions.js';
import { Anomalies1700000007110 } from './7110-anomalies.js';
import { DisabledMembers1700000007120 } from './7120-disabled-members.js';
import { VaultKeys1700000007200 } from './7200-vault-keys.js';
import { PiiPolicy1700000007300 } from './7300-pii-policy.js';
import { BudgetRetries1700000009000 } from './9000-budget-retries.js';
import { Partitions1700000009100 } from './9100-partitions.js';
import { UsageRollups1700000009110 } from './9110-usage-rollups.js';
import { RoomForUpdates1700000009120 } from './9120-room-for-updates.js';
import { BoundedEvents1700000009200 } from './9200-bounded-events.js';
import { SessionChain1700000009210 } from './9210-session-chain.js';
import { SenderBinding1700000009300 } from './9300-sender-binding.js';
import { SecretBindings1700000009400 } from './9400-secret-bindings.js';
import { PriceTiers1700000009500 } from './9500-price-tiers.js';
import { UnboundedCalls1700000009510 } from './9510-unbounded-calls.js';
import { SessionsOfKey1700000009600 } from './9600-sessions-of-key.js';
import { AuditFilters1700000009710 } from './9710-audit-filters.js';
import { AuditsDue1700000009720 } from './9720-audits-due.js';
import { CreationRetries1700000009730 } from './9730-creation-retries.js';
import { CarriedUsage1700000009740 } from './9740-carried-usage.js';
import { RotationRetries1700000009750 } from './9750-rotation-retries.js';

/** In order. A migration that has been released is never edited; a new one follows. */
export const MIGRATIONS = [
  Identity1700000001000,
  Projects1700000002000,
  Vault1700000003000,
  Ledger1700000004000,
  Budgets1700000005000,
  LedgerAudits1700000005500,
  Prices1700000006000,
  AccessEpochs1700000007000,
  KeyRules1700000007010,
  KilledSessions1700000007100,
  Anomalies1700000007110,
  DisabledMembers1700000007120,
  VaultKeys1700000007200,
  PiiPolicy1700000007300,
  BudgetRetries1700000009000,
  Partitions1700000009100,
  UsageRollups1700000009110,
  RoomForUpdates1700000009120,
  BoundedEvents1700000009200,
  SessionChain1700000009210,
  SenderBinding1700000009300,
  SecretBindings1700000009400,
  PriceTiers1700000009500,
  UnboundedCalls1700000009510,
  SessionsOfKey1700000009600,
  AuditFilters1700000009710,
  AuditsDue1700000009720,
  CreationRetries1700000009730,
  CarriedUsage1700000009740,
  RotationRetries1700000009750,
];
