import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { LedgerCheck } from '../accounts/ledger-check.js';
import { Transfers } from '../accounts/transfers.js';
import {
  checkLedger,
  deposit,
  listEntries,
  listLeases,
  listPrices,
  revokeLease,
  withdraw,
} from '../billing.contract.js';
import { correct, revokeLeasesOfKey } from '../refills.contract.js';
import { LeaseDirectory } from '../leases/lease-directory.js';
import { ListPrices } from '../prices/list-prices.js';

@Controller()
export class AdminBillingController {
  constructor(
    private readonly transfers: Transfers,
    private readonly leases: LeaseDirectory,
    private readonly check: LedgerCheck,
    private readonly prices: ListPrices,
  ) {}

  @Handles(deposit)
  deposit(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof deposit>,
  ): Promise<AnswerOf<typeof deposit>> {
    return this.transfers.move(user, 'deposit', input);
  }

  @Handles(withdraw)
  withdraw(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof withdraw>,
  ): Promise<AnswerOf<typeof withdraw>> {
    return this.transfers.move(user, 'withdrawal', input);
  }

  @Handles(correct)
  correct(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof correct>,
  ): Promise<AnswerOf<typeof correct>> {
    return this.transfers.move(user, 'correction', input);
  }

  @Handles(revokeLeasesOfKey)
  async revokeLeasesOfKey(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof revokeLeasesOfKey>,
  ): Promise<AnswerOf<typeof revokeLeasesOfKey>> {
    return { revoked: await this.leases.revokeAllOf(user, input.params.keyId) };
  }

  @Handles(listEntries)
  entries(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listEntries>,
  ): Promise<AnswerOf<typeof listEntries>> {
    return this.transfers.entries(user.organizationId, input);
  }

  @Handles(listLeases)
  list(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listLeases>,
  ): Promise<AnswerOf<typeof listLeases>> {
    return this.leases.list(user.organizationId, input.query);
  }

  @Handles(revokeLease)
  revoke(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof revokeLease>,
  ): Promise<AnswerOf<typeof revokeLease>> {
    return this.leases.revoke(user, input.params.leaseId);
  }

  @Handles(checkLedger)
  async checkLedger(@Caller('user') user: UserPrincipal): Promise<AnswerOf<typeof checkLedger>> {
    const { findings, ...report } = await this.check.run(user.organizationId);
    return { ...report, findings: [...findings] };
  }

  @Handles(listPrices)
  listPrices(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listPrices>,
  ): Promise<AnswerOf<typeof listPrices>> {
    return this.prices.list(user.organizationId, input.query);
  }
}
