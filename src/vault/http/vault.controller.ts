import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import {
  getVault,
  rewrapKeys,
  rotateDataKey,
  sealVault,
  shredVault,
  unsealVault,
} from '../keys.contract.js';
import { Rewrap } from '../rewrap.service.js';
import { VaultKeys } from '../vault-keys.service.js';
import { VaultSeal } from '../vault-seal.js';

@Controller()
export class VaultController {
  constructor(
    private readonly keys: VaultKeys,
    private readonly rewrap: Rewrap,
    private readonly vaultSeal: VaultSeal,
  ) {}

  @Handles(getVault)
  status(@Caller('user') user: UserPrincipal): Promise<AnswerOf<typeof getVault>> {
    return this.keys.status(user.organizationId);
  }

  @Handles(rotateDataKey)
  rotate(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof rotateDataKey>,
  ): Promise<AnswerOf<typeof rotateDataKey>> {
    return this.keys.rotate(user, input.body.replaces);
  }

  @Handles(rewrapKeys)
  rewrapAll(
    @Caller('user') user: UserPrincipal,
    @Input() _input: InputOf<typeof rewrapKeys>,
  ): Promise<AnswerOf<typeof rewrapKeys>> {
    return this.rewrap.run(user);
  }

  @Handles(sealVault)
  async seal(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof sealVault>,
  ): Promise<AnswerOf<typeof sealVault>> {
    await this.vaultSeal.seal(user, input.body.reason);
    return this.keys.status(user.organizationId);
  }

  @Handles(unsealVault)
  async unseal(
    @Caller('user') user: UserPrincipal,
    @Input() _input: InputOf<typeof unsealVault>,
  ): Promise<AnswerOf<typeof unsealVault>> {
    await this.vaultSeal.unseal(user);
    return this.keys.status(user.organizationId);
  }

  @Handles(shredVault)
  shred(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof shredVault>,
  ): Promise<AnswerOf<typeof shredVault>> {
    return this.keys.shred(user, input.body.confirm);
  }
}
