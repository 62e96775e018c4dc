import type { Command, Outcome } from './commands.js';
import { acquire } from './grant.js';
import { expire, revoke, settle } from './settle.js';
import { refill, transfer } from './transfer.js';
import type { WorkingSet } from './working-set.js';

/** One command on the working set. Pure but for the set: the same set and command always give the same outcome. */
export function decide(set: WorkingSet, command: Command): Outcome {
  switch (command.kind) {
    case 'acquire':
      return acquire(set, command);
    case 'settle':
      return settle(set, command);
    case 'transfer':
      return transfer(set, command);
    case 'refill':
      return refill(set, command);
    case 'revoke':
      return revoke(set, command);
    case 'expire':
      return expire(set, command);
  }
}
