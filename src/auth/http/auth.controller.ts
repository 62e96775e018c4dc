import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { createKey, listKeys, revokeKey, whoAmI } from '../auth.contract.js';
import { KeysService } from '../keys.service.js';

@Controller()
export class AuthController {
  constructor(private readonly keys: KeysService) {}

  @Handles(whoAmI)
  me(@Caller('user') user: UserPrincipal): AnswerOf<typeof whoAmI> {
    return { ...user, permissions: [...user.permissions].sort() };
  }

  @Handles(listKeys)
  list(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listKeys>,
  ): Promise<AnswerOf<typeof listKeys>> {
    return this.keys.list(user.organizationId, input.query);
  }

  @Handles(createKey)
  create(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof createKey>,
  ): Promise<AnswerOf<typeof createKey>> {
    return this.keys.create(user, input);
  }

  @Handles(revokeKey)
  revoke(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof revokeKey>,
  ): Promise<AnswerOf<typeof revokeKey>> {
    return this.keys.revoke(user, input.params.keyId);
  }
}
